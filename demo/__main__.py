# SPDX-License-Identifier: Apache-2.0
"""`python -m demo`: starts the mesh, lives the story, verifies the log, leaves nothing running."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from types import FrameType

from demo.mesh import ROOT, Mesh
from demo.processes import ProcessFailed
from demo.story import PARTNER, SERVICES, Gateway, StoryFailed, print_step, tell


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".build/demo")
    parser.add_argument("--keep", action="store_true", help="stay up after the story, until ^C")
    options = parser.parse_args()
    # SIGTERM unwinds like ^C does, so that the mesh is stopped on every way out.
    signal.signal(signal.SIGTERM, interrupted)
    mesh = Mesh(options.folder.resolve())
    try:
        with mesh:
            return play(mesh, options.keep)
    except ProcessFailed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def play(mesh: Mesh, keep: bool) -> int:
    print(f"Envoy listens on 127.0.0.1:{mesh.port}; logs are in {mesh.folder}")
    print("The story: who, what, what became of it, and the decision's id")
    try:
        gateway = Gateway(f"127.0.0.1:{mesh.port}", mesh.certificates)
        steps = asyncio.run(tell(gateway, print_step))
    except StoryFailed as failure:
        print(f"demo: the story went wrong: {failure}\n{mesh.tails()}", file=sys.stderr)
        return 1
    mesh.wait_for_records([step.decision_id for step in steps])
    print("The log, with each of these decisions in it, checked with the verifier key alone:")
    print("\n".join(f"  {line}" for line in mesh.verify_log().splitlines()))
    if keep:
        wait_for_curl(mesh)
    return 0


def wait_for_curl(mesh: Mesh) -> None:
    def curl(agent: str, url: str, *options: str) -> None:
        words = ["curl -i --cacert ca.pem", f"--cert {agent}.pem --key {agent}.key"]
        words += [f"--connect-to ::127.0.0.1:{mesh.port}", *options, url]
        print("  " + " \\\n    ".join(words))

    json_body = "-H 'content-type: application/json'"
    call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_document"}}'
    print("\nStill up; ^C ends it. For example:")
    print(f"  cd {mesh.certificates}")
    curl("treasurer", f"https://{PARTNER}/rates")
    transfer = '{"amount": 99900, "currency": "EUR"}'
    curl("treasurer", f"https://{SERVICES}/payments/transfers", json_body, f"-d '{transfer}'")
    accept = "-H 'accept: application/json, text/event-stream'"
    curl("researcher", f"https://{SERVICES}/mcp", json_body, accept, f"-d '{call}'")
    print("  # the same SPIFFE ID from another authority: Envoy itself refuses it")
    curl("rogue", f"https://{PARTNER}/rates")
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
