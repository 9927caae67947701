#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes a binary with counters through the checks that it shall be laid out for.

usage: profile.py --portcullis BINARY --load FOLDER --counts FOLDER

Each of the servers that compare.py measures answers every sample of the load, and leaves its
counts, one file a server, in the folder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from compare import CONSTANT, DEMO, EVALUATED, TEXTS, Contender, equal, free_port, h2load

CALLS = 20_000  # of each sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("portcullis", "load", "counts"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    for number, settings in enumerate((CONSTANT, DEMO, EVALUATED, TEXTS, equal(options.load))):
        os.environ["LLVM_PROFILE_FILE"] = str(options.counts.resolve() / f"{number}.profraw")
        with tempfile.TemporaryDirectory() as folder:
            serve(options.portcullis.resolve(), Path(folder), options.load, settings)


def serve(binary: Path, folder: Path, load: Path, settings: dict[str, object]) -> None:
    server = Contender("portcullis", [], free_port(), load, folder, is_pinned=False)
    # One loop: the counters of two would lose counts to each other.
    server.configure(str(binary), {"loops": 1, **settings})
    server.start()
    for sample in sorted(load.glob("*.grpc")):
        server.body = sample
        h2load(server, ["-c", "8", "-m", "16", "-n", str(CALLS)])
    server.stop()


if __name__ == "__main__":
    main()
