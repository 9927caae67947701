# SPDX-License-Identifier: Apache-2.0
"""Peers that limit the table which they decode answers' headers with (RFC 7541 section 4.2)."""

from pathlib import Path

import pytest
import yaml
from conftest import MeshFactory
from direct import Client, Server, sample
from test_opa_policies import opa, token

from demo.mesh import ROOT

SIZES = [0, 100, 200, 65_536]  # bytes


@pytest.mark.parametrize("size", SIZES)
def test_envoy(start_mesh: MeshFactory, tmp_path: Path, size: int) -> None:
    document = yaml.safe_load((ROOT / "envoy/gateway.yaml").read_text())
    clusters = document["static_resources"]["clusters"]
    cluster = next(it for it in clusters if it["name"] == "portcullis")
    (options,) = cluster["typed_extension_protocol_options"].values()
    options["explicit_http_config"]["http2_protocol_options"]["hpack_table_size"] = size
    config = tmp_path / "gateway.yaml"
    config.write_text(yaml.safe_dump(document))
    partner = opa(start_mesh, "quickstart", "envoy/authz/allow", gateway_config=config)
    headers = {"authorization": token("guest", "alice")}
    for _ in range(5):
        assert partner.request("GET", "/people", headers=headers).status_code == 200
        assert partner.request("POST", "/people", headers=headers, json={}).status_code == 403


@pytest.mark.parametrize("size", SIZES)
def test_grpc(tmp_path: Path, size: int) -> None:
    server = Server(tmp_path).start()
    try:
        client = Client(server, ("grpc.http2.hpack_table_size.decoder", size))
        for _ in range(20):
            assert client.check(sample()).kind == "ok"
        client.close()
    finally:
        server.stop()
