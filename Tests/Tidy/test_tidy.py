# SPDX-License-Identifier: Apache-2.0
"""What must hold of every source file, and the compiler does not check."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from os.path import normpath
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINE_LENGTH = 100
FILE_LENGTH = 600
SPDX = "SPDX-License-Identifier: Apache-2.0"
GENERATED = ("Sources/CExtAuthz/", "Sources/GRPC/Reflection/FileDescriptorSet.swift")
SOURCE_ENDINGS = {".swift", ".c", ".cc", ".h", ".py", ".sh", ".rego", ".proto"}

# Foundation costs start-up time, memory and, on the path of a check, allocations.
MAY_IMPORT_FOUNDATION = {"portcullis", "conformance", "TestSupport"}
SYSTEM_MODULES = {"Glibc", "Synchronization", "Testing", "_Volatile"}
FOUNDATION = {"Foundation", "FoundationEssentials"}

# Needed without an import: tests run this program.
RUN_ONLY = {"log-driver"}
# Tests may hold a text that is longer than a line.
LONE_STRING = re.compile(r'[+= ]*#*".*"#*[])},]*')

# Spelled so that this file does not hold them.
LEFTOVERS = re.compile("|".join(["TO" + "DO", "FIX" + "ME", r"\bXX" + r"X\b"]) + "|/wo" + "rk/")
BANNED = {
    r"\btry!": "handle the error, or throw it on",
    r"\bas!": "use `as?` and handle nil",
    r"\bfatalError\(\)": 'say what went wrong: `fatalError("...")`',
}
BANNED_IN_LIBRARIES = {
    r"(?<![\w.`])print\(": "libraries do not print; throw, or log with Telemetry"
}


@cache
def files() -> list[Path]:
    """Everything that is or would be committed, but what is generated."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    output = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in output.split("\0") if name and not name.startswith(GENERATED)]
    return [path for path in paths if (ROOT / path).is_file()]


def swift_files() -> list[Path]:
    return [path for path in files() if path.suffix == ".swift"]


def lines(path: Path) -> list[str]:
    return (ROOT / path).read_text(errors="replace").splitlines()


def code(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without comments and without what stands in one line's quotes."""
    for number, line in enumerate(lines(path), 1):
        yield number, re.sub(r'"(\\.|[^"\\])*"|//.*', '""', line)


@cache
def targets() -> dict[str, Any]:
    command = ["swift", "package", "describe", "--type", "json"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {target["name"]: target for target in json.loads(output)["targets"]}


def target_sources(target: dict[str, Any]) -> list[Path]:
    paths = [Path(target["path"]) / name for name in target["sources"]]
    return [path for path in paths if path.suffix == ".swift"]


def is_library(target: dict[str, Any]) -> bool:
    return bool(target["type"] == "library" and target["path"].startswith("Sources/"))


def is_data(path: Path) -> bool:
    return "Golden" in path.parts


def none(found: list[str]) -> None:
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    pattern = re.compile(r"^(?:@\w+ |(?:public|package|internal|private) )*import (?:\w+ )?(\w+)")
    for number, line in code(path):
        if match := pattern.match(line):
            yield number, match[1]


def test_targets_import_what_they_declare() -> None:
    found = []
    for name, target in targets().items():
        declared = {*target.get("target_dependencies", []), *target.get("product_dependencies", [])}
        allowed = {word.replace("-", "_") for word in declared} | SYSTEM_MODULES | {name}
        if target["type"] == "test" or name in MAY_IMPORT_FOUNDATION:
            allowed |= FOUNDATION
        for path in target_sources(target):
            for number, module in imports(path):
                if module not in allowed:
                    found.append(f"{path}:{number}: {name} does not declare `{module}`")
    none(found)


def test_targets_declare_what_they_import() -> None:
    """A dependency that nothing imports hides what a target is made of."""
    found = []
    for name, target in targets().items():
        used = {module for path in target_sources(target) for _, module in imports(path)}
        declared = {*target.get("target_dependencies", []), *target.get("product_dependencies", [])}
        if used:
            unused = sorted(declared - RUN_ONLY - used)
            found += [f"Package.swift: {name} does not import `{it}`" for it in unused]
    none(found)


def test_licence_is_named_on_top() -> None:
    sources = [path for path in files() if path.suffix in SOURCE_ENDINGS and not is_data(path)]
    none([str(path) for path in sources if not any(SPDX in line for line in lines(path)[:2])])


def test_lines_are_short() -> None:
    none(
        [
            f"{path}:{number}: {len(line)} characters"
            for path in swift_files()
            for number, line in enumerate(lines(path), 1)
            if len(line) > LINE_LENGTH and not may_be_long(path, line)
        ]
    )


def may_be_long(path: Path, line: str) -> bool:
    return path.parts[0] == "Tests" and LONE_STRING.fullmatch(line) is not None


def test_files_are_short() -> None:
    long = {path: len(lines(path)) for path in swift_files()}
    none([f"{path}: {count} lines" for path, count in long.items() if count > FILE_LENGTH])


def test_nothing_is_left_over() -> None:
    none(
        [
            f"{path}:{number}: {line.strip()}"
            for path in files()
            if path.parts[0] != "Fuzz" or path.suffix == ".swift"
            for number, line in enumerate(lines(path), 1)
            if LEFTOVERS.search(line)
        ]
    )


def test_no_banned_calls() -> None:
    libraries = {path for it in targets().values() if is_library(it) for path in target_sources(it)}
    found = []
    for path in swift_files():
        banned = BANNED | (BANNED_IN_LIBRARIES if path in libraries else {})
        for number, line in code(path):
            found += [
                f"{path}:{number}: {advice}"
                for pattern, advice in banned.items()
                if re.search(pattern, line)
            ]
    none(found)


# What documentation names: `[text](path)`, and paths that begin with a folder or a target of ours.
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)")
OWN_PATH = re.compile(r"`([\w.-]+/[\w./-]+)`")


def test_documentation_names_what_is_there() -> None:
    known = {str(it) for path in files() for it in (path, *path.parents)}
    targets = {path.parts[1] for path in files() if path.parts[0] == "Sources"}
    ours = {path.parts[0] for path in files()} | targets
    problems = []
    for page in [path for path in files() if path.suffix == ".md"]:
        for number, line in enumerate(lines(page), 1):
            named = [[page.parent / link] for link in LINK.findall(line)]
            named += [
                [Path(name), page.parent / name, Path("Sources") / name]
                for name in OWN_PATH.findall(line)
                if name.split("/")[0] in ours
            ]
            for places in named:
                if known.isdisjoint(normpath(place) for place in places):
                    problems.append(f"{page}:{number}: there is no `{places[0]}`")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("script", ["generate-protobuf", "generate-descriptors"])
def test_generated_files_are_current(script: str) -> None:
    done = subprocess.run(
        [ROOT / "Scripts" / script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
