# SPDX-License-Identifier: Apache-2.0
"""Fits envoy/gateway.yaml to this machine: other addresses and paths, nothing else."""

import argparse
import json
from pathlib import Path
from typing import Any

import yaml

CERTIFICATES = "/etc/envoy/certificates"


def localised(
    source: Path,
    certificates: Path,
    authz_socket: Path | None,
    endpoints: dict[str, tuple[str, int]],
) -> dict[str, Any]:
    """The configuration in `source` with listeners on free loopback ports.

    `endpoints` maps a cluster's name to the address and port that replace its own. Envoy picks the
    listeners' ports; ask its admin interface for them.
    """
    text = source.read_text().replace(CERTIFICATES, str(certificates))
    config: dict[str, Any] = yaml.safe_load(text)
    config["admin"]["address"] = address("127.0.0.1", 0)
    for listener in config["static_resources"]["listeners"]:
        listener["address"] = address("127.0.0.1", 0)
    for cluster in config["static_resources"]["clusters"]:
        if cluster["name"] == "portcullis" and authz_socket is not None:
            endpoint_of(cluster)["address"] = {"pipe": {"path": str(authz_socket)}}
        elif cluster["name"] in endpoints:
            endpoint_of(cluster)["address"] = address(*endpoints[cluster["name"]])
    return config


def address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def endpoint_of(cluster: dict[str, Any]) -> dict[str, Any]:
    endpoints = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    endpoint: dict[str, Any] = endpoints[0]["endpoint"]
    return endpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--certificates", type=Path, required=True)
    parser.add_argument("--authz-socket", type=Path)
    options = parser.parse_args()
    config = localised(options.source, options.certificates, options.authz_socket, {})
    print(json.dumps(config, indent=2))


if __name__ == "__main__":
    main()
