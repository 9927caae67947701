# SPDX-License-Identifier: Apache-2.0
"""compose/compose.yaml as Compose itself reads it; needs no engine."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.mesh import ROOT, run


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    program = Path(sys.executable).parent / "docker-compose"
    file = ROOT / "compose/compose.yaml"
    document = json.loads(run([program, "--file", file, "config", "--format", "json"]))
    services: dict[str, Any] = document["services"]
    return services


def test_every_container_is_hardened(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["user"] == "65532:65532", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_every_server_has_a_health_check(services: dict[str, Any]) -> None:
    ends_by_itself = {"certificates", "agent", "auditor"}
    for name in services.keys() - ends_by_itself:
        assert services[name]["healthcheck"]["test"], name


def test_agents_reach_the_gateway_alone(services: dict[str, Any]) -> None:
    beside_agents = [
        name for name in services if "agents" in (services[name].get("networks") or {})
    ]
    assert sorted(beside_agents) == ["agent", "gateway"]


def test_files_that_it_names_exist(services: dict[str, Any]) -> None:
    for service in services.values():
        if build := service.get("build"):
            assert (Path(build["context"]) / build["dockerfile"]).is_file()
