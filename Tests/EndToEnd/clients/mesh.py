# SPDX-License-Identifier: Apache-2.0
"""The mesh with one upstream for every name, and Envoy configured with more or less care."""

import base64
import copy
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from demo.mesh import ROOT, Mesh, run

FOLDER = Path(__file__).resolve().parent
SEEN = "x-portcullis-seen"
# The name of a virtual host that is only reached through a proxy which sets the header itself.
PROXIED = "proxied.acme.example"
# A virtual host whose requests may only be MCP.
MCP_ONLY = "mcp.acme.example"


@dataclass
class ClientMesh(Mesh):
    """`envoy/gateway.yaml` with one more cluster, to which every other name leads.

    A careless gateway neither normalises paths nor removes headers, so that Portcullis sees what
    the client sent; it also listens without TLS.
    """

    policies: Path = FOLDER / "policy"
    entrypoint: str = "echo/decision"
    route_entrypoints: list[str] = field(default_factory=list)
    is_careless: bool = False
    denied_doubts: list[str] | None = None
    plain_port: int = 0

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        run([ROOT / "Scripts/certificates", self.certificates])
        module = "Tests.EndToEnd.clients.upstream"
        upstream = self.launch("upstream", [sys.executable, "-m", module, "--record", self.record])
        self.record.touch()
        self.start_portcullis()
        self.gateway_config = self.folder / "gateway.yaml"
        self.gateway_config.write_text(yaml.safe_dump(self.envoy_config()))
        self.start_envoy({"anything": ("127.0.0.1", upstream.port())})
        if self.is_careless:
            self.plain_port = self.listener_port("plain")

    @property
    def record(self) -> Path:
        return self.folder / "upstream.jsonl"

    def portcullis_config(self) -> dict[str, Any]:
        config = super().portcullis_config()
        if self.denied_doubts is not None:
            config["inspection"] = {"deny": self.denied_doubts}
        return config

    # Envoy

    def envoy_config(self) -> dict[str, Any]:
        config: dict[str, Any] = yaml.safe_load((ROOT / "envoy/gateway.yaml").read_text())
        resources = config["static_resources"]
        manager = connection_manager(resources["listeners"][0])
        # Kubernetes streams commands over websockets; Vault lists with a method of its own.
        manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
        manager["http_protocol_options"] = {"allow_custom_methods": True}
        manager["route_config"]["virtual_hosts"] = [
            virtual_host("proxied", PROXIED, {"portcullis.xfcc": "trusted"}),
            virtual_host("mcp", MCP_ONLY, {"portcullis.protocol": "mcp"}),
            virtual_host("anything", "*", {}),
        ]
        clusters = resources["clusters"]
        tools = next(cluster for cluster in clusters if cluster["name"] == "tools")
        anything = copy.deepcopy(tools)
        anything["name"] = anything["load_assignment"]["cluster_name"] = "anything"
        resources["clusters"] = [
            next(cluster for cluster in clusters if cluster["name"] == "portcullis"),
            anything,
        ]
        if self.is_careless:
            resources["listeners"].append(careless(resources["listeners"][0]))
        return config

    # What was seen

    def seen_by_upstream(self, requests_before: int) -> list[dict[str, Any]]:
        """Method, path, action and agent of each request after the first so many."""
        lines = self.record.read_text().splitlines()[requests_before:]
        return [{**json.loads(line), **decoded(json.loads(line)["seen"])} for line in lines]

    def requests(self) -> int:
        return len(self.record.read_text().splitlines())


def decoded(seen: str) -> dict[str, Any]:
    if not seen:
        return {"action": {}, "agent": {}}
    text = base64.urlsafe_b64decode(seen + "=" * (-len(seen) % 4))
    content: dict[str, Any] = json.loads(text)
    return content


def connection_manager(listener: dict[str, Any]) -> dict[str, Any]:
    manager: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager


def virtual_host(name: str, domain: str, extensions: dict[str, str]) -> dict[str, Any]:
    host: dict[str, Any] = {
        "name": name,
        "domains": [domain],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "anything", "timeout": "0s"}}],
    }
    if extensions:
        host["typed_per_filter_config"] = {
            "envoy.filters.http.ext_authz": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3."
                "ExtAuthzPerRoute",
                "check_settings": {"context_extensions": extensions},
            }
        }
    return host


def careless(listener: dict[str, Any]) -> dict[str, Any]:
    """Makes a listener careless, and gives a copy of it without TLS."""
    manager = connection_manager(listener)
    for key in ["normalize_path", "merge_slashes", "path_with_escaped_slashes_action"]:
        del manager[key]
    del manager["early_header_mutation_extensions"]
    manager["common_http_protocol_options"].pop("headers_with_underscores_action")
    manager["forward_client_cert_details"] = "ALWAYS_FORWARD_ONLY"
    del manager["set_current_client_cert_details"]
    plain = copy.deepcopy(listener)
    plain["name"] = "plain"
    del plain["filter_chains"][0]["transport_socket"]
    return plain
