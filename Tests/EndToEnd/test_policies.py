# SPDX-License-Identifier: Apache-2.0
"""The shipped policies, case by case, by `portcullis eval`."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.mesh import ROOT, portcullis_binary, run

TAINTED = {"restricted_data": {"expires": 1800000000, "cause": "0190a2b4"}}
Input = dict[str, Any]


def spiffe(agent: str) -> str:
    return f"spiffe://acme.example/agent/{agent}"


def request(agent: str, method: str, action: Input, scopes: str, labels: Input) -> Input:
    return {
        "attributes": {"request": {"http": {"method": method}}},
        "agent": {"id": spiffe(agent), "provenance": "attested", "scopes": scopes.split()},
        "action": {"certain": True, **action},
        "context": {"labels": labels, "counts": {"1m": 1, "10m": 1, "1h": 1}, "events": []},
    }


def tool(
    name: str,
    agent: str = "researcher",
    scopes: str = "",
    labels: Input | None = None,
    **arguments: Any,
) -> Input:
    call = {"protocol": "mcp", "operation": "tools/call", "tool": name, "arguments": arguments}
    return request(agent, "POST", call, scopes, labels or {})


def outward(host: str, agent: str = "researcher", labels: Input | None = None) -> Input:
    call = {"protocol": "http", "operation": "GET", "destination": {"host": host}}
    return request(agent, "GET", call, "documents.read", labels or {})


def transfer(
    amount: object, agent: str = "treasurer", currency: str = "EUR", hour: int = 1
) -> Input:
    document = request(agent, "POST", {"protocol": "http"}, "payments.write documents.read", {})
    document["parsed_path"] = ["payments", "transfers"]
    document["parsed_body"] = {"amount": amount, "currency": currency}
    document["context"]["counts"]["1h"] = hour
    return document


def claimed(document: Input) -> Input:
    document["agent"]["provenance"] = "claimed"
    return document


def uncertain(document: Input) -> Input:
    document["action"]["certain"] = False
    return document


def decide(folder: Path, entrypoint: str, document: Input) -> Input:
    file = folder / "input.json"
    file.write_text(json.dumps(document))
    words = ["eval", "--format", "json", "-d", str(ROOT / "policies"), "-i", str(file)]
    answer = json.loads(run([portcullis_binary(), *words, f"data.{entrypoint}.decision"]))
    decision: Input = answer["result"][0]["expressions"][0]["value"]
    return decision


@pytest.mark.parametrize(
    ("document", "stripped", "labelled"),
    [
        (tool("search_documents", scopes="documents.read payments.write"), ["payments.write"], []),
        (tool("read_document", path="handbook/travel.md"), [], []),
        (tool("read_document", path="payroll/x"), [], ["restricted_data"]),
        (tool("read_document", path="/Payroll/x"), [], ["restricted_data"]),
        (tool("read_document", path="handbook/../payroll/x"), [], ["restricted_data"]),
        (tool("post_message", host="partner.example", scopes="messages.send"), [], []),
        (tool("post_message", host="chat.acme.example", labels=TAINTED), [], []),
        (request("researcher", "GET", {"certain": False}, "", {}), [], []),
        (request("researcher", "POST", {"operation": "tools/list"}, "a", TAINTED), ["a"], []),
    ],
)
def test_tools_allow(
    tmp_path: Path, document: Input, stripped: list[str], labelled: list[str]
) -> None:
    decision = decide(tmp_path, "routes.tools", document)
    assert decision["action"] == "allow"
    assert decision["strip_scopes"] == stripped
    assert [label["name"] for label in decision["labels"]] == labelled


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (tool("delete_document", path="x"), ["tool_not_allowed"]),
        (tool("no_such_tool"), ["tool_not_allowed"]),
        (tool("read_document", path=["payroll/x"]), ["bad_argument"]),
        (tool("read_document"), ["bad_argument"]),
        (tool("post_message", host="evilacme.example"), ["unknown_destination"]),
        (tool("post_message"), ["unknown_destination"]),
        (
            tool("post_message", host="partner.example", labels=TAINTED),
            ["egress_after_restricted_read"],
        ),
        (tool("search_documents", agent="nobody"), ["tool_not_allowed", "unknown_agent"]),
        (uncertain(tool("search_documents")), ["uncertain_request"]),
        (
            request("researcher", "POST", {"operation": "sampling/createMessage"}, "", {}),
            ["not_allowed"],
        ),
        ({}, ["unknown_agent"]),
    ],
)
def test_tools_deny(tmp_path: Path, document: Input, codes: list[str]) -> None:
    assert_denied(decide(tmp_path, "routes.tools", document), codes)


@pytest.mark.parametrize(
    ("document", "stripped"),
    [
        (outward("partner.example"), ["documents.read"]),
        (outward("wiki.acme.example"), []),
        (outward("wiki.acme.example", labels=TAINTED), []),
    ],
)
def test_default_route_allows(tmp_path: Path, document: Input, stripped: list[str]) -> None:
    decision = decide(tmp_path, "portcullis.authz", document)
    assert decision["action"] == "allow"
    assert decision["strip_scopes"] == stripped


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (outward("partner.example", labels=TAINTED), ["egress_after_restricted_read"]),
        (outward("evil.example"), ["unknown_destination"]),
        (outward("partner.example", agent="nobody"), ["unknown_agent"]),
        (claimed(outward("partner.example")), ["unknown_agent"]),
    ],
)
def test_default_route_denies(tmp_path: Path, document: Input, codes: list[str]) -> None:
    assert_denied(decide(tmp_path, "portcullis.authz", document), codes)


def test_payments_allow(tmp_path: Path) -> None:
    decision = decide(tmp_path, "routes.payments", transfer(100))
    assert decision == {"action": "allow", "strip_scopes": ["documents.read"]}


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (transfer(50_001), ["over_limit"]),
        (transfer("100"), ["bad_amount"]),
        (transfer(-1), ["bad_amount"]),
        (transfer(100, currency="ZZZ"), ["bad_currency"]),
        (transfer(100, agent="researcher"), ["not_a_payer"]),
        (transfer(100, hour=501), ["too_many_requests"]),
        (uncertain(transfer(100)), ["uncertain_request"]),
    ],
)
def test_payments_deny(tmp_path: Path, document: Input, codes: list[str]) -> None:
    assert_denied(decide(tmp_path, "routes.payments", document), codes)


def assert_denied(decision: Input, codes: list[str]) -> None:
    assert decision["action"] == "deny"
    assert [reason["code"] for reason in decision["reasons"]] == codes
