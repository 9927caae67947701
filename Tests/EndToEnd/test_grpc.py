# SPDX-License-Identifier: Apache-2.0
"""Health and reflection over the Unix socket, with grpcurl."""

import json
import sys
from pathlib import Path

from demo.mesh import Mesh, run

AUTHORIZATION = "envoy.service.auth.v3.Authorization"


def grpcurl(mesh: Mesh, *words: str) -> str:
    program = Path(sys.executable).parent / "grpcurl"
    return run(
        [program, "-plaintext", "-unix", "-authority", "localhost", "-max-time", "10", *words]
    )


def test_reflection_lists_and_describes(mesh: Mesh) -> None:
    services = grpcurl(mesh, str(mesh.socket_path), "list").split()
    assert {AUTHORIZATION, "grpc.health.v1.Health"} <= set(services)
    assert "rpc Check" in grpcurl(mesh, str(mesh.socket_path), "describe", AUTHORIZATION)


def test_health_serves(mesh: Mesh) -> None:
    for service in ("", AUTHORIZATION):
        request = json.dumps({"service": service})
        answer = grpcurl(mesh, "-d", request, str(mesh.socket_path), "grpc.health.v1.Health/Check")
        assert json.loads(answer) == {"status": "SERVING"}


def test_a_check_without_http_is_denied(mesh: Mesh) -> None:
    answer = grpcurl(mesh, "-d", "{}", str(mesh.socket_path), f"{AUTHORIZATION}/Check")
    assert json.loads(answer)["status"]["code"] != 0
