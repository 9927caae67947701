# SPDX-License-Identifier: Apache-2.0
"""The libraries for risk and classification, signal by signal, by `portcullis eval`."""

import copy
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from demo.mesh import ROOT, portcullis_binary, run

Input = dict[str, Any]

# A request about which nothing is to be said.
CALM: Input = {
    "attributes": {"request": {"http": {"method": "GET"}}},
    "agent": {
        "id": "spiffe://acme.example/agent/researcher",
        "provenance": "attested",
        "scopes": ["documents.read"],
    },
    "action": {
        "certain": True,
        "protocol": "http",
        "operation": "get",
        "effect": "read",
        "resource": "/handbook/x",
        "destination": {"host": "wiki.acme.example", "internal": True},
    },
    "context": {
        "labels": {},
        "counts": {"1m": 1, "10m": 1, "1h": 1},
        "denials": {"1m": 0, "10m": 0, "1h": 0},
        "events": [],
        "signals": [],
        "approvals": {"requested": 0, "granted": 0, "denied": 0, "used": 0, "items": []},
    },
    "prompt": {},
    "threat": {"severity": 0, "truncated": False, "matches": [], "prompt": [], "documents": []},
}


def evaluate(folder: Path, document: Input, query: str, data: Input | None = None) -> Any:
    file = folder / "input.json"
    file.write_text(json.dumps(document))
    words = ["eval", "--format", "json", "-i", str(file)]
    policies = ROOT / "policies"
    if data is None:
        words += ["-d", str(policies)]
    else:
        # The same rules over other data.
        for name in ("lib", "portcullis", "catalogue", "risk"):
            words += ["-d", str(policies / name) if name == "lib" else f"{name}:{policies / name}"]
        words += ["-d", str(policies / "data.yaml")]
        extra = folder / "extra.json"
        extra.write_text(json.dumps(data))
        words += ["-d", str(extra)]
    answer = json.loads(run([portcullis_binary(), *words, query]))
    return answer["result"][0]["expressions"][0]["value"]


def changed(*changes: tuple[str, Any]) -> Input:
    """The calm request with other values; a dotted path names each place."""
    document = copy.deepcopy(CALM)
    for path, value in changes:
        place = document
        *folders, last = path.split("/")
        for folder in folders:
            place = place[folder]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return document


def detector(kind: str, severity: int, confidence: int) -> Input:
    return {"kind": kind, "severity": severity, "confidence": confidence, "scope": "agent"}


def phrase(severity: int) -> Input:
    return {"in": "prompt", "kind": "text", "value": "x", "list": "l", "severity": severity}


def call(tool: str, **arguments: Any) -> list[tuple[str, Any]]:
    return [
        ("action/protocol", "mcp"),
        ("action/operation", "tools/call"),
        ("action/tool", tool),
        ("action/arguments", arguments),
        ("action/effect", "execute"),
    ]


SIGNALS = [
    # identity, of 20
    ("identity", [], 0),
    ("identity", [("agent/id", "spiffe://acme.example/agent/stranger")], 10),
    ("identity", [("agent/provenance", "claimed")], 16),
    ("identity", [("agent/provenance", "absent")], 20),
    ("identity", [("agent", {})], 20),
    # permissions, of 20
    ("permissions", call("search_documents", query="x"), 0),
    ("permissions", call("delete_document", path="x"), 20),
    ("permissions", [("agent/scopes", ["payments.write"])], 10),
    ("permissions", [("agent", {})], 20),
    # prompt context, of 40
    ("prompt", [("context/signals", [detector("prompt_injection", 90, 50)])], 18),
    ("prompt", [("context/signals", [detector("slow", 90, 50)])], 0),
    ("prompt", [("threat/prompt", [phrase(80)])], 32),
    ("prompt", [("threat/documents", [phrase(100)])], 40),
    ("prompt", [("prompt/documents", [{"tool": "search_documents"}])], 0),
    ("prompt", [("prompt/documents", [{"reference": "file:///payroll/x"}])], 24),
    (
        "prompt",
        [("prompt/documents", [{"tool": "read_document", "arguments": {"path": "legal/y"}}])],
        24,
    ),
    ("prompt", [("prompt/documents", [{"tool": "no_such_tool"}])], 24),
    ("prompt", [("prompt", None), ("threat", None), ("context", {})], 0),
    # tool, of 15
    ("tool", [("action/effect", "secret")], 15),
    ("tool", [("action/effect", "write")], 6),
    ("tool", call("search_documents"), 0),
    ("tool", call("no_such_tool"), 9),
    ("tool", [("action", {})], 15),
    # destination, of 20
    ("destination", [("action/destination", {"host": "partner.example"})], 6),
    ("destination", [("action/destination", {"host": "evil.example"})], 20),
    ("destination", [("action/destination", {"host": "10.0.0.7", "internal": True})], 0),
    (
        "destination",
        [
            ("action/destination", {"host": "new.example"}),
            ("context/events", [{"destination": "new.example", "allowed": True}]),
        ],
        12,
    ),
    (
        "destination",
        [("action/destination", {"host": "new.example", "first_seen": False})],
        12,
    ),
    ("destination", [("action/destination", {"host": "new.example", "first_seen": True})], 20),
    ("destination", call("post_message", host="evil.example"), 20),
    ("destination", [("action", {})], 20),
    # history, of 20
    ("history", [("context/counts/10m", 10), ("context/denials/10m", 5)], 10),
    ("history", [("context/counts/10m", 4), ("context/denials/10m", 4)], 0),
    ("history", [("context/counts/1m", 300)], 20),
    ("history", [("context/counts/1m", 3000)], 20),
    ("history", [("context/labels", {"restricted_data": {}})], 10),
    ("history", [("context/signals", [detector("exfiltration", 100, 100)])], 20),
    ("history", [("context", {})], 0),
    ("history", [("context/reputation", 50)], 0),
    ("history", [("context/reputation", 25)], 10),
    ("history", [("context/reputation", 0)], 20),
    ("history", [("context/profile", {"settled": True, "unusual": 100})], 10),
    ("history", [("context/profile", {"settled": True, "unusual": 40})], 4),
    ("history", [("context/profile", {"settled": False})], 0),
    ("history", [("context/known", False)], 5),
    ("history", [("context/known", True), ("context/first_seen", int(time.time()) - 60)], 5),
    ("history", [("context/known", True), ("context/first_seen", int(time.time()) - 7200)], 0),
    # The worst of them counts.
    ("history", [("context/known", False), ("context/reputation", 25)], 10),
    # data classification, of 20
    ("data", [("action/resource", "/handbook/x")], 4),
    ("data", [("action/resource", "/payments/transfers")], 12),
    ("data", [("action/resource", "/nowhere")], 20),
    ("data", call("read_document", path="payroll/x"), 20),
    ("data", call("read_document", path=7), 20),
    # threat intelligence, of 80
    ("threat", [("threat/severity", 75)], 60),
    ("threat", [("threat/truncated", True)], 80),
    ("threat", [("threat", None)], 0),
    # approval history, of 15
    ("approvals", [("context/approvals/denied", 1), ("context/approvals/granted", 2)], 5),
    ("approvals", [("context/approvals/granted", 2)], 0),
    ("approvals", [("context", {})], 0),
    # confidence, of 15
    ("confidence", [("prompt/confidence", {"value": 0.4, "provenance": "claimed"})], 9),
    ("confidence", [("prompt/confidence", {"value": 1, "provenance": "claimed"})], 0),
    (
        "confidence",
        [("prompt/confidence", {"value": 1, "provenance": "claimed"}), ("action/certain", False)],
        15,
    ),
    ("confidence", [("action", {})], 15),
]


@pytest.mark.parametrize(
    ("signal", "changes", "points"),
    SIGNALS,
    ids=[f"{number}-{case[0]}-{case[2]}" for number, case in enumerate(SIGNALS)],
)
def test_signals(tmp_path: Path, signal: str, changes: list[tuple[str, Any]], points: int) -> None:
    signals = evaluate(tmp_path, changed(*changes), "data.lib.risk.signals")
    assert len(signals) == 10
    assert signals[signal] == points


@pytest.mark.parametrize(
    ("severity", "action"),
    [(0, "allow"), (56, "allow"), (57, "require_approval"), (89, "restrict"), (100, "restrict")],
)
def test_thresholds(tmp_path: Path, severity: int, action: str) -> None:
    document = changed(("threat/severity", severity))
    assert evaluate(tmp_path, document, "data.lib.risk.action") == action


def test_everything_at_once_isolates(tmp_path: Path) -> None:
    document = changed(("agent", {}), ("action", {}), ("threat/truncated", True))
    answer = evaluate(tmp_path, document, "[data.lib.risk.risk, data.lib.risk.action]")
    assert answer == [100, "isolate"]


def test_nothing_known_is_risky(tmp_path: Path) -> None:
    assert evaluate(tmp_path, {}, "data.lib.risk.risk") == 100


def test_the_default_route_climbs(tmp_path: Path) -> None:
    document = changed(("threat/severity", 100))
    decision = evaluate(tmp_path, document, "data.portcullis.authz.decision")
    assert decision["action"] == "restrict"
    assert decision["risk"] == 84
    assert sum(decision["signals"].values()) == 84
    assert [reason["code"] for reason in decision["reasons"]] == ["risk_restrict"]
    assert {"name": "no_egress", "seconds": 900} in decision["restrictions"]
    calm = evaluate(tmp_path, CALM, "data.portcullis.authz.decision")
    assert (calm["action"], calm["risk"]) == ("allow", 4)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("/payroll", "restricted"),
        ("/payroll/2026/11.csv", "restricted"),
        ("/payroll/holidays/list", "internal"),
        ("/payrolls", "restricted"),
        ("/Handbook/", "internal"),
        ("./handbook/x", "internal"),
        ("file:///handbook/x", "internal"),
        ("/handbook/../payroll", "restricted"),
        ("/handbook/server.pem", "restricted"),
        ("/handbook/secrets/x", "restricted"),
        ("/" + "deep/" * 40 + "x", "restricted"),
        ("/handbook/" + "deep/" * 40 + "x", "internal"),
        ("", "restricted"),
    ],
)
def test_classes_of_paths(tmp_path: Path, resource: str, expected: str) -> None:
    document = changed(("action/resource", resource))
    assert evaluate(tmp_path, document, "data.lib.classification.class") == expected


@pytest.mark.parametrize(
    ("changes", "expected", "listed"),
    [
        ([*call("show_scopes"), ("action/resource", "/mcp")], "public", True),
        (
            [
                ("action/resource", "/rates"),
                ("action/destination", {"host": "partner.example"}),
            ],
            "public",
            True,
        ),
        (
            [
                ("action/resource", "/other"),
                (
                    "attributes/contextExtensions",
                    {"portcullis.entrypoint": "routes/payments/decision"},
                ),
            ],
            "confidential",
            True,
        ),
        ([*call("no_such_tool"), ("action/resource", "/mcp")], "restricted", False),
    ],
)
def test_classes_of_the_rest(
    tmp_path: Path, changes: list[tuple[str, Any]], expected: str, listed: bool
) -> None:
    query = "[data.lib.classification.class, data.lib.classification.listed]"
    assert evaluate(tmp_path, changed(*changes), query) == [expected, listed]


def test_a_misspelt_class_counts_as_the_highest(tmp_path: Path) -> None:
    data = {"catalogue": {"paths": {"misspelt": {"classification": "pubic"}}}}
    document = changed(("action/resource", "/misspelt/x"))
    assert evaluate(tmp_path, document, "data.lib.classification.class", data) == "restricted"


def test_a_look_up_does_not_grow_with_the_catalogue(tmp_path: Path) -> None:
    """Instructions of the engine, counted by its profile."""

    def steps(paths: int) -> int:
        data = {
            "catalogue": {
                "paths": {f"team{n}/area": {"classification": "internal"} for n in range(paths)}
            }
        }
        file = tmp_path / "input.json"
        file.write_text(json.dumps(changed(("action/resource", "/team7/area/x"))))
        extra = tmp_path / "extra.json"
        extra.write_text(json.dumps(data))
        policies = ROOT / "policies"
        words = ["eval", "--format", "json", "--profile", "-i", str(file), "-d", str(extra)]
        for name in ("lib", "catalogue", "risk"):
            words += ["-d", str(policies / name) if name == "lib" else f"{name}:{policies / name}"]
        words += ["-d", str(policies / "data.yaml"), "data.lib.classification.class"]
        answer = json.loads(run([portcullis_binary(), *words]))
        assert answer["result"][0]["expressions"][0]["value"] == "internal"
        return sum(int(entry["num_eval"]) for entry in answer["profile"])

    # The profile lists the ten slowest places, which are not always the same ones.
    assert steps(10_000) <= 2 * steps(10)


def test_weights_of_history_are_data(tmp_path: Path) -> None:
    document = changed(("context/profile", {"settled": True, "unusual": 100}))
    # Data of two places that disagree is an error, so the page itself is copied with other numbers.
    rules = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", rules)
    page = rules / "risk/data.yaml"
    page.write_text(page.read_text().replace("unusual: 0.5", "unusual: 1"))
    file = tmp_path / "input.json"
    file.write_text(json.dumps(document))
    words = ["eval", "--format", "json", "-i", str(file), "-d", str(rules)]
    answer = json.loads(run([portcullis_binary(), *words, "data.lib.risk.signals.history"]))
    assert answer["result"][0]["expressions"][0]["value"] == 20
