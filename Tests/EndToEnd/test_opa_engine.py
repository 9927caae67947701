# SPDX-License-Identifier: Apache-2.0
"""Policies in OPA's own engine and in ours: equal values of equal inputs, or refused by both."""

import ctypes
import importlib.util
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.mesh import ROOT, portcullis_binary

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("opa_bindings") is None,
    reason="OPA's engine is packaged for x86-64 alone",
)
CHECKS = Path(os.environ.get("PORTCULLIS_SHARED", ROOT.parent / "shared")) / "fixtures/check"
Outcome = list[Any] | None


class OPA:
    """OPA's engine with some modules and data."""

    def __init__(self, modules: dict[str, str], data: dict[str, Any]) -> None:
        from opa_bindings import _native

        self.library = _native.load()
        self.handle = self.library.OpaNew()
        self.is_refused = False
        for name, text in modules.items():
            answer = self.call(self.library.OpaAddPolicy, name, text)
            self.is_refused |= bool(answer.get("error"))
        self.call(self.library.OpaAddData, "", json.dumps(data))

    def call(self, function: Any, *arguments: str, flags: tuple[int, ...] = ()) -> dict[str, Any]:
        pointer = function(self.handle, *(it.encode() for it in arguments), *flags)
        text = ctypes.string_at(pointer)
        self.library.OpaFreeString(pointer)
        answer: dict[str, Any] = json.loads(text)
        return answer

    def evaluate(self, query: str, document: str) -> Outcome:
        """The values of the query's solutions; None when it is refused or fails."""
        if self.is_refused:
            return None
        answer = self.call(self.library.OpaEvalQuery, query, document, flags=(0, 0))
        return None if answer.get("error") else values(answer)

    def close(self) -> None:
        self.library.OpaDestroy(self.handle)


def values(answer: dict[str, Any]) -> list[Any]:
    solutions = answer.get("result") or []
    return [[it["value"] for it in solution["expressions"]] for solution in solutions]


def ours(folder: Path, query: str, document: str) -> Outcome:
    command = [str(portcullis_binary()), "eval", "--strict-builtin-errors", "-d", str(folder)]
    command += ["--stdin-input", query]
    done = subprocess.run(command, input=document, capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    return None if answer.get("errors") else values(answer)


INPUTS = [
    {},
    {"user": "bob", "email": "a@x", "roles": ["staff"], "x": 1, "y": 2, "l": ["a", "b"]},
    {"x": [1, 2], "l": ["ab", "cb"], "roles": [], "f": True, "zz": "a", "a": {"b": 1}, "i": 0},
    {"n": {"a": ["a", "b"], "b": ["c"], "c": {"c": 1}}, "i": 1, "l": [[]]},
    {"kind": "web", "port": 80, "r": "allow", "d": "policies", "f": False, "i": 1, "x": 3},
    {"kind": "db", "port": 2, "r": "level", "d": "policies", "email": "b@evil.com"},
]
DATA = {
    "blocked": {"bob": True},
    "m": [1],
    "policies": {"web": {"base": {"q": 7}, "num": {"1": "one"}}, "db": {"allow": "base"}},
}
MODULES = {
    "web.rego": """
        package policies.web
        allow if input.port == 80
        level := 1 if input.port > 1
        level := 2 if input.port > 2
        names contains "a"
        back if data.main.allow
    """,
    "deep.rego": 'package policies.web.deep\nx := {"k": [1, 2]}',
    "lib.rego": """
        package lib
        blocked(u) if u in {"eve"}
        wrapped(x) := {"y": x}
        truthy(x) if x
        set if input.zz
    """,
}
RULES = """
p if not lib.blocked(input.user)
p if not endswith(input.email, "@evil.com")
p if not data.blocked[input.user]
p contains "x" if not "staff" in input.roles
p if not input.x > input.y
p if not input.y != 1
p if not {input.x}
p if not [input.x] == [1]
p if not input.x == 1
p if not input.x[_] == 1
p if not input.a.b
p if not input
p if not lib.truthy(input)
p if not startswith(input.l[_], "a")
p if not startswith(input.l[i], "a")
p contains i if not startswith(input.l[i], "a")
p if not lib.wrapped(input.x).y
p if not count(input.l) > 2
p if not input.l[count(input.l) - 1] == "b"
p if not lib.set with input.zz as false
p if not lib.truthy(input.x) with input.x as 3
p := [x | some x in ["a", 2, 3]; not x in input.l]
p if not $"{input.zz}" == "a"
p if not {"a": input.x} == {"a": 1}
p if not [x | x := input.q] == []
p if not lib.truthy(lib.set)
p if not lib.truthy(lib.wrapped(input.zz))
p if { x := 1; not x > input.zz }
p if not false == input.f
p if not lib.truthy(input.f)
p if not regex.match("a", input.email)
p if not input.l[input.i] == "a"
p if not input.l[input.zz]
p if not data.m[input.i][input.zz]
p if not 1 in [input.zz]
p if every x in input.l { not x == input.zz }
p if not walk(input, [["x"], 1])
allow if data.policies[input.kind].allow
p := data.policies[input.kind].names
p := data.policies[input.kind].names.a
p := data.policies[input.kind].deep.x.k[1]
p := data.policies[input.kind].base.q
p := data.policies.web[input.r]
p := data[input.d][input.kind].allow
p := data.policies[input.kind][input.r]
p := data.policies[input.kind].none
p := [v | v := data.policies[input.kind].deep.x.k[_]]
p := x if { x := data.policies[input.kind].allow with input.port as 80 }
p := x if { x := data.policies[input.kind].allow with data.policies.web.allow as "m" }
p := x if { x := data.policies[input.kind].allow with data.policies.web as {"allow": "n"} }
p := data.policies[input.kind].num[1]
p if not data.policies[input.kind].allow
p := [input.l[i] | i >= 0]
p := {k: data.policies[k] | k != "web"}
p contains input.l[i] if i > 0
p contains sprintf("%v", [input.l[i]]) if i >= 0
p if [z, 4] == input.l[z]
p if input.l[z] == z + 1
p := {1: "x"}[1.0]
p := x if { x := q with plus as minus; q := input.x + 2 }
p := product(input.x)
p contains x if some x in input.n[x]
p contains x if { x := "b"; some x in input.n[x] }
p contains [k, v] if some k, v in input.n[k]
p := [x | x := "a"; q := [x | some x in input.n[x]]; q == ["a"]]
p contains x if { some x in {x}; x = 2 }
p := {"a": input.none, "a": 1}
p := y if { x := "a"; y := {x: input.none, x: input.i} }
p := substring("abc", input.i, 1.0)
p if every x in input.l { upper(count(x)) == x }
p contains x if walk(1, [x, _]) with input as [y | y := input.i]
""".strip().splitlines()


@pytest.mark.parametrize("rule", RULES)
def test_rules_have_the_same_value(tmp_path: Path, rule: str) -> None:
    modules = {**MODULES, "main.rego": f"package main\nimport data.lib\n{rule}\n"}
    for name, text in modules.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    opa = OPA(modules, DATA)
    for document in map(json.dumps, INPUTS):
        expected = opa.evaluate("data.main", document)
        assert ours(tmp_path, "data.main", document) == expected, document
    opa.close()


@pytest.fixture(scope="module")
def shipped() -> Iterator[OPA]:
    folder = ROOT / "policies"
    modules = {str(it): it.read_text() for it in folder.rglob("*.rego")}
    data: dict[str, Any] = {}
    for file in folder.rglob("*.yaml"):
        place = data
        for part in file.parent.relative_to(folder).parts:
            place = place.setdefault(part, {})
        place.update(yaml.safe_load(file.read_text()))
    opa = OPA(modules, data)
    assert not opa.is_refused
    yield opa
    opa.close()


@pytest.mark.parametrize("check", sorted(it.name for it in CHECKS.glob("*.check.json")))
def test_shipped_policies_decide_alike(shipped: OPA, check: str) -> None:
    shown = subprocess.run(
        [str(portcullis_binary()), "input", str(CHECKS / check)],
        capture_output=True,
        text=True,
        check=True,
    )
    entrypoints = ["portcullis.authz", "routes.tools", "routes.payments"]
    query = "[" + ", ".join(f"[d | d := data.{it}.decision]" for it in entrypoints) + "]"
    expected = shipped.evaluate(query, shown.stdout)
    assert expected
    assert all(expected[0][0])
    assert ours(ROOT / "policies", query, shown.stdout) == expected
