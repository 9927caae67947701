# SPDX-License-Identifier: Apache-2.0
"""Threat lists while serving: through a real Envoy, changed, broken and repaired."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Partner

from demo.mesh import ROOT, Mesh, portcullis_binary


class WatchedMesh(Mesh):
    """The demo's mesh with one threat list, looked at every second."""

    @property
    def threat_list(self) -> Path:
        return self.folder.parent / "threats.txt"

    def portcullis_config(self) -> dict[str, Any]:
        threat = {"files": [str(self.threat_list)], "interval": "1s"}
        return {**super().portcullis_config(), "threat": threat}

    def put(self, text: str) -> None:
        """As a person should: whole, by renaming."""
        new = self.threat_list.with_suffix(".new")
        new.write_text(text)
        new.rename(self.threat_list)

    def wait_for(self, code: str, count: int = 1) -> None:
        deadline = time.monotonic() + 20
        while self.logged().count(f'"{code}"') < count:
            assert time.monotonic() < deadline, self.logged()
            time.sleep(0.1)

    def logged(self) -> str:
        server = next(it for it in self.processes if it.name == "portcullis")
        return server.log.read_text()


@pytest.fixture
def watched(tmp_path: Path) -> Any:
    mesh = WatchedMesh(tmp_path / "mesh")
    mesh.put("elsewhere.example\n")
    with mesh:
        yield mesh


def test_lists_are_reloaded_while_serving(watched: WatchedMesh) -> None:
    partner = Partner(watched)
    assert partner.request("GET", "/rates").status_code == 200

    watched.put(
        "# the partner was broken into\npartner.example severity=100 category=breach id=7\n"
    )
    watched.wait_for("threats_reloaded")
    refused = partner.request("GET", "/rates")
    assert refused.status_code == 403

    # A mistake changes nothing, and is told with file and line.
    watched.put("partner.example severity=100\nno domain at all\n")
    watched.wait_for("threat_list_invalid")
    assert '"line":2' in watched.logged().replace(" ", "")
    watched.put("elsewhere.example\n")
    watched.wait_for("threats_reloaded", 2)


@pytest.mark.parametrize(
    ("lines", "place"),
    [("evil.example\ncom\n", "list.txt:2"), ("a.example severity=x\n", "list.txt:1")],
)
def test_validate_names_the_line(tmp_path: Path, lines: str, place: str) -> None:
    (tmp_path / "list.txt").write_text(lines)
    config = tmp_path / "portcullis.yaml"
    settings = {
        "policies": [str(ROOT / "policies")],
        "threat": {"files": [str(tmp_path / "list.txt")]},
    }
    config.write_text(json.dumps(settings))
    words: list[str | Path] = [portcullis_binary(), "validate", "--config", config]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert place in done.stderr
