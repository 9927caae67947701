# SPDX-License-Identifier: Apache-2.0
"""The shipped Envoy configurations: valid, fail closed, and the demo runs them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.envoy_config import CERTIFICATES, localised
from demo.mesh import ROOT, run

CONFIGS = sorted((ROOT / "envoy").glob("*.yaml"))
TLS_CLUSTER = ROOT / "envoy/clusters/portcullis-tls.yaml"
EXT_AUTHZ = "envoy.filters.http.ext_authz"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    run([ROOT / "Scripts/certificates", folder])
    return folder


def validate(file: Path) -> None:
    envoy = Path(sys.executable).parent / "envoy"
    command = [str(envoy), "--mode", "validate", "-c", str(file), "--disable-hot-restart"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_envoy_accepts_it(config: Path, certificates: Path, tmp_path: Path) -> None:
    copy = tmp_path / config.name
    copy.write_text(config.read_text().replace(CERTIFICATES, str(certificates)))
    validate(copy)


def test_envoy_accepts_the_localised_gateway(certificates: Path, tmp_path: Path) -> None:
    config = localised(ROOT / "envoy/gateway.yaml", certificates, tmp_path / "authz.sock", {})
    file = tmp_path / "gateway.json"
    file.write_text(json.dumps(config))
    validate(file)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_envoy_accepts_it_with_mutual_tls(config: Path, certificates: Path, tmp_path: Path) -> None:
    copy = tmp_path / "config.yaml"
    copy.write_text(json.dumps(with_tls_cluster(config)).replace(CERTIFICATES, str(certificates)))
    validate(copy)


def with_tls_cluster(config: Path) -> dict[str, Any]:
    """The configuration asking Portcullis over mutual TLS."""
    document: dict[str, Any] = yaml.safe_load(config.read_text())
    cluster = yaml.safe_load(TLS_CLUSTER.read_text())
    clusters = document["static_resources"]["clusters"]
    names = [it["name"] for it in clusters]
    clusters[names.index(cluster["name"])] = cluster
    return document


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_it_fails_closed(config: Path) -> None:
    document = yaml.safe_load(config.read_text())
    filters = [f for f in named(document) if f["name"] == EXT_AUTHZ and "typed_config" in f]
    assert len(filters) == 1
    authz = filters[0]["typed_config"]
    assert authz["failure_mode_allow"] is False
    assert authz["status_on_error"] == {"code": "ServiceUnavailable"}
    assert authz["decoder_header_mutation_rules"]["disallow_is_error"] is True
    assert authz["with_request_body"]["pack_as_bytes"] is True
    assert authz["include_peer_certificate"] is True
    for listener in document["static_resources"]["listeners"]:
        limit = listener["per_connection_buffer_limit_bytes"]
        assert authz["with_request_body"]["max_request_bytes"] <= limit
        for chain in listener["filter_chains"]:
            tls = chain["transport_socket"]["typed_config"]
            assert tls["require_client_certificate"] is True
            assert "validation_context" in tls["common_tls_context"]


def named(node: Any) -> Iterator[dict[str, Any]]:
    """Every object with a name, at any depth."""
    if isinstance(node, dict):
        if "name" in node:
            yield node
        for child in node.values():
            yield from named(child)
    elif isinstance(node, list):
        for child in node:
            yield from named(child)
