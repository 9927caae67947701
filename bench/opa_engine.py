# SPDX-License-Identifier: Apache-2.0
"""OPA's own engine (PyPI's opa-golib-python-bindings), without the Envoy plugin around it.

As a program it is one engine with one policy: it prints the CPU microseconds of an evaluation for
each line of standard input. `Engine` runs that program beside the servers.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

QUERY = b"data.envoy.authz.result"
EVALUATIONS = 150


def is_installed() -> bool:
    return importlib.util.find_spec("opa_bindings") is not None


class Engine:
    """Measures in rounds, as the servers do."""

    def __init__(self, portcullis: str, policy: Path, frame: Path, folder: Path) -> None:
        message = folder / "check.bin"
        # A gRPC frame's prefix is five bytes.
        message.write_bytes(frame.read_bytes()[5:])
        shown = subprocess.run([portcullis, "input", message], capture_output=True, check=True)
        document = json.loads(shown.stdout)
        for added in ("action", "agent", "context"):
            document.pop(added, None)
        data = folder / "input.json"
        data.write_text(json.dumps(document))
        self.samples: list[float] = []
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(policy), str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sample(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.samples.append(float(self.process.stdout.readline()))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    @property
    def cpu(self) -> float:
        """Microseconds of an evaluation with the reading of its input."""
        return statistics.median(self.samples)


def main() -> None:
    # Absent on machines that the package has no library for.
    from opa_bindings import _native

    policy, document = (Path(name).read_bytes() for name in sys.argv[1:])
    library = _native.load()
    engine = library.OpaNew()

    def text(pointer: int) -> str:
        value = ctypes.string_at(pointer).decode()
        library.OpaFreeString(pointer)
        return value

    def cost(query: bytes, data: bytes) -> float:
        begun = time.process_time()
        for _ in range(EVALUATIONS):
            library.OpaFreeString(library.OpaEvalQuery(engine, query, data, 0, 0))
        return (time.process_time() - begun) / EVALUATIONS * 1e6

    text(library.OpaAddPolicy(engine, b"policy.rego", policy))
    answer = text(library.OpaEvalQuery(engine, QUERY, document, 0, 0))
    if '"allowed":true' not in answer:
        sys.exit(f"OPA's engine answers {answer}")
    for _ in sys.stdin:
        # The query is prepared anew each time, which OPA-Envoy does once.
        print(cost(QUERY, document) - cost(b"1", b"null"), flush=True)


if __name__ == "__main__":
    main()
