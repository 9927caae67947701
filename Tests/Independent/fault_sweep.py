#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails and kills a real process at its system calls, and checks that no answered record is lost.

    fault_sweep.py LOG_DRIVER [ROUNDS_PER_CALL]

For each system call of the log's path, and each of ROUNDS_PER_CALL (default 3) moments, in both
modes: `log-driver append` runs under strace, which makes the call fail once with EIO, once with
ENOSPC, or kills the process there. Then the log is recovered, checked by verify_tlog.py, and every
record that was acknowledged must be in it exactly once. Needs strace and `cryptography`.
"""

import contextlib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import verify_tlog

VKEY = "example.org/decisions+a980161c+AWfTterwwL9rWmAtNZ2uzIanp0BTSQ7DeuCOcTYFh8hw"
CALLS = {
    "openat": 40,
    "write": 30,
    "pwritev": 60,
    "renameat": 30,
    "fsync": 20,
    "fdatasync": 30,
    "unlinkat": 5,
    "mkdirat": 4,
    "ftruncate": 2,
    "pread64": 10,
    "close": 60,
}
FAULTS = ["error=EIO", "error=ENOSPC", "signal=KILL"]


def run(driver, folder, mode, call, fault, moment):
    """Appends for a while under one fault; answers the acknowledged names."""
    output = folder / "acknowledged"
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [
                "strace",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                f"trace={call}",
                "-e",
                f"inject={call}:{fault}:when={moment}",
                driver,
                "append",
                str(folder),
                mode,
                "2",
            ],
            stdout=file,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.4)
        subprocess.run(["kill", "-9", "--", f"-{process.pid}"], stderr=subprocess.DEVNULL)
        process.wait()
    lines = output.read_bytes().decode(errors="replace").split("\n")
    return [line for line in lines[:-1] if line and line[0].isdigit()]


def entries(folder, size):
    for index, width in verify_tlog.widths(size):
        path = verify_tlog.tile_path("entries", index, width)
        yield from verify_tlog.parse_bundle(verify_tlog.read(folder, path), path, width)


def check(driver, folder, acknowledged):
    for _ in range(100):
        recovered = subprocess.run([driver, "recover", str(folder)], capture_output=True, text=True)
        # The kernel may not have finished with the killed process.
        if "in use by another process" not in recovered.stdout:
            break
        time.sleep(0.05)
    if recovered.returncode != 0:
        return "recovery: " + recovered.stdout.strip()
    try:
        size, _ = verify_tlog.verify(folder / "log", VKEY, [])
    except verify_tlog.Refused as error:
        return f"verification: {error}"
    names = [entry.split(b" ")[0].decode() for entry in entries(folder / "log", size)]
    if len(set(names)) != len(names):
        return "a record is there twice"
    missing = set(acknowledged) - set(names)
    return f"{len(missing)} acknowledged records are missing" if missing else None


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip())
        return 2
    driver = str(pathlib.Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    failures, runs, records = 0, 0, 0
    for call, span in CALLS.items():
        for fault in FAULTS:
            for mode in ["buffered", "durable"]:
                for _ in range(rounds):
                    moment = random.randint(1, span)
                    folder = pathlib.Path(tempfile.mkdtemp(prefix="portcullis-faults-"))
                    acknowledged = run(driver, folder, mode, call, fault, moment)
                    problem = check(driver, folder, acknowledged)
                    runs += 1
                    records += len(acknowledged)
                    if problem:
                        failures += 1
                        print(f"{mode} {call}:{fault}:when={moment}: {problem} ({folder})")
                    else:
                        shutil.rmtree(folder)
    print(f"{runs} runs, {records} acknowledged records, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
