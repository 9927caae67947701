# SPDX-License-Identifier: Apache-2.0
"""Attempts to get a request past a policy by making it look like another one.

The gateway here is careless on purpose: it normalises no paths and removes no headers, and the
policy allows everything. What is refused was refused by Portcullis; what is allowed must be seen as
what the upstream will make of it, or as uncertain.
"""

import gzip
import json
import uuid
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from clients.mesh import MCP_ONLY, PROXIED, SEEN, ClientMesh, decoded

from demo.story import DECISION_HEADER, Gateway

RESEARCHER = "spiffe://acme.example/agent/researcher"
TREASURER = "spiffe://acme.example/agent/treasurer"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientMesh]:
    with ClientMesh(Path(tmp_path_factory.mktemp("careless")), is_careless=True) as mesh:
        assert isinstance(mesh, ClientMesh)
        yield mesh


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientMesh]:
    """The same, with `inspection.deny` empty: everything is for the policy to judge."""
    folder = Path(tmp_path_factory.mktemp("lenient"))
    with ClientMesh(folder, is_careless=True, denied_doubts=[]) as mesh:
        assert isinstance(mesh, ClientMesh)
        yield mesh


@dataclass
class Answer:
    status: int
    code: str  # of the refusal; empty when it was allowed
    action: dict[str, Any] = field(default_factory=dict)
    agent: dict[str, Any] = field(default_factory=dict)

    @property
    def doubts(self) -> list[str]:
        found: list[str] = self.action.get("doubts", [])
        return found


Headers = dict[str, str] | list[tuple[str, str]]


def send(
    mesh: ClientMesh,
    body: bytes | str = b"",
    headers: Headers | None = None,
    method: str = "POST",
    path: str = "/mcp",
    host: str = "",
) -> Answer:
    """A request over mutual TLS, as the researcher."""
    tls = Gateway("", mesh.certificates).tls("researcher")
    connection = HTTPSConnection("127.0.0.1", mesh.port, timeout=20, context=tls)
    return exchange(connection, method, path, body, headers or {}, host)


def exchange(
    connection: HTTPConnection,
    method: str,
    path: str,
    body: bytes | str,
    headers: Headers,
    host: str,
) -> Answer:
    """Sends the path and the headers as they are: most clients normalise them."""
    content = body.encode() if isinstance(body, str) else body
    with closing(connection):
        connection.putrequest(method, path, skip_host=bool(host), skip_accept_encoding=True)
        if host:
            connection.putheader("host", host)
        for name, value in headers.items() if isinstance(headers, dict) else headers:
            connection.putheader(name, value)
        if content:
            connection.putheader("content-length", str(len(content)))
        connection.endheaders(content or None)
        response = connection.getresponse()
        if seen := response.headers.get(SEEN):
            return Answer(response.status, "", **decoded(seen))
        assert uuid.UUID(response.headers[DECISION_HEADER])
        problem = json.loads(response.read())
    problem = problem.get("error", {}).get("data", problem)
    return Answer(response.status, problem["reasons"][0]["code"])


def call(name: str = "search_documents", **more: Any) -> str:
    params = {"name": name, "arguments": {"query": "x"}, **more}
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params})


JSON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
CALL = call()
DELETE = call("delete_document")


@pytest.mark.parametrize(
    ("body", "headers", "doubt"),
    [
        (CALL.replace('"name"', '"name":"delete_document","name"'), {}, "duplicate_keys"),
        (CALL.replace('"name"', '"Name":"delete_document","name"'), {}, "ambiguous_keys"),
        (CALL.replace('"method"', '"METHOD":"x","method"'), {}, "ambiguous_keys"),
        (DELETE, {"mcp-method": "tools/list"}, "mismatch"),
        (DELETE, {"mcp-method": "tools/call", "mcp-name": "search_documents"}, "mismatch"),
        (DELETE, {"mcp-name": "=?base64?c2VhcmNo?="}, "mismatch"),
        (CALL, {"mcp-protocol-version": "2026-07-28"}, "mismatch"),
        (CALL, {"mcp-param-query": "harmless"}, "mismatch"),
        (
            call(_meta={"io.modelcontextprotocol/protocolVersion": "2026-07-28"}),
            {"mcp-protocol-version": "2025-11-25"},
            "mismatch",
        ),
        (f"[{CALL},{DELETE}]", {}, "batch"),
        (f"[{DELETE}]", {}, "batch"),
        ("[]", {"mcp-session-id": "s"}, "batch"),
        (gzip.compress(DELETE.encode()), {"content-encoding": "gzip"}, "content_encoding"),
        (zlib.compress(DELETE.encode()), {"content-encoding": "deflate"}, "content_encoding"),
        (gzip.compress(DELETE.encode()), {"content-encoding": "x, GZIP"}, "content_encoding"),
        (
            gzip.compress(DELETE.encode()),
            {"content-encoding": "gzip", "content-type": "text/plain"},
            "content_encoding",
        ),
        (b"\xef\xbb\xbf" + DELETE.encode(), {}, "text_encoding"),
        (DELETE.encode("utf-16"), {}, "text_encoding"),
        (DELETE.encode("utf-16-le"), {"content-type": "text/plain"}, "text_encoding"),
        (DELETE.encode("utf-32"), {}, "text_encoding"),
        (DELETE, {"content-type": "application/json; charset=utf-16"}, "text_encoding"),
        (DELETE.encode()[:-2] + b"\xff}}", {}, "malformed_body"),
        (DELETE.replace('"x"', "NaN"), {}, "malformed_body"),
        (DELETE[:-1] + ",}", {}, "malformed_body"),
        ("/* */" + DELETE, {}, "malformed_body"),
        (DELETE + DELETE, {}, "malformed_body"),
        ('{"a":' * 600 + "1" + "}" * 600, {}, "malformed_body"),
        (DELETE.replace("2.0", "1.0"), {}, "malformed_message"),
        (DELETE.replace('"delete_document"', "7"), {}, "malformed_message"),
        (DELETE, {"x-http-method-override": "GET"}, "method_override"),
    ],
)
def test_doubtful_body_is_refused(
    mesh: ClientMesh, lenient: ClientMesh, body: bytes | str, headers: dict[str, str], doubt: str
) -> None:
    refused = send(mesh, body, JSON | headers)
    assert refused.code == "uncertain_request"
    # And when the operator lets it through, the policy sees why it is doubtful.
    seen = send(lenient, body, JSON | headers)
    assert seen.code == ""
    assert doubt in seen.doubts
    assert seen.action["certain"] is False
    assert seen.action["effect"] != "read"


def test_strictest_message_stands_for_a_batch(lenient: ClientMesh) -> None:
    harmless = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    action = send(lenient, f"[{harmless},{DELETE},{harmless}]", JSON).action
    assert (action["effect"], action["tool"]) == ("execute", "delete_document")
    assert [it["operation"] for it in action["batch"]] == ["tools/list", "tools/call", "tools/list"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "Application/JSON", "application/json ; x=y", "application/vnd.api+json", "x/y"],
)
def test_odd_content_type_hides_nothing(mesh: ClientMesh, content_type: str) -> None:
    action = send(mesh, DELETE, JSON | {"content-type": content_type}).action
    assert (action["protocol"], action["tool"]) == ("mcp", "delete_document")
    assert action["certain"] == content_type.lower().startswith("application/json")


def test_two_content_types_are_refused(mesh: ClientMesh) -> None:
    headers = [("content-type", "text/plain"), ("content-type", "application/json")]
    answer = send(mesh, DELETE, headers)
    assert answer.code == "uncertain_request" or answer.action["tool"] == "delete_document"
    assert answer.code or not answer.action["certain"]


@pytest.mark.parametrize("size", [262_144, 400_000])
def test_cut_body_is_not_certain(mesh: ClientMesh, size: int) -> None:
    """Longer than what Envoy sends along: the tool is named in what was not seen."""
    padding = " " * size
    action = send(mesh, padding + DELETE, JSON).action
    assert action["doubts"] == ["truncated"]
    assert (action["effect"], action["certain"]) == ("unknown", False)
    plain = send(mesh, padding + DELETE, {"content-type": "text/plain"}).action
    assert (plain["effect"], plain["certain"]) == ("unknown", False)


@pytest.mark.parametrize("value", ["true", "false", "x"])
def test_forged_partial_body_header_changes_nothing(mesh: ClientMesh, value: str) -> None:
    forged = {"x-envoy-auth-partial-body": value}
    assert send(mesh, CALL, JSON | forged).action["certain"] is True
    cut = send(mesh, " " * 300_000 + CALL, JSON | forged).action
    assert cut["doubts"] == ["truncated"]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("//v1/secret/data/x", "secret/data/x"),
        ("/v1//secret/data/x", "secret/data/x"),
        ("/v1/./secret/data/x", "secret/data/x"),
        ("/v1/public/../secret/data/x", "secret/data/x"),
        ("/v1/public/%2e%2e/secret/data/x", "secret/data/x"),
        ("/v1/public/..%2fsecret/data/x", "secret/data/x"),
        ("/v1/public/..;/secret/data/x", "secret/data/x"),
        ("/v1/secret%2fdata%2fx", "secret/data/x"),
        ("/v1\\secret\\data\\x", "secret/data/x"),
        ("/v1/%73ecret/data/x", "secret/data/x"),
    ],
)
def test_spelling_of_a_path_hides_nothing(mesh: ClientMesh, path: str, resource: str) -> None:
    answer = send(mesh, method="GET", path=path, headers={"x-vault-token": "t"})
    assert answer.action["resource"] == resource
    assert answer.action["effect"] == "secret"
    # One letter that is encoded without need means the same to everybody.
    assert answer.action["certain"] == ("%73" in path)


def test_double_encoding_is_not_certain(mesh: ClientMesh) -> None:
    answer = send(mesh, method="GET", path="/v1/a/%252e%252e/secret", headers={"x-vault-token": ""})
    assert answer.doubts == ["ambiguous_path"]


def test_forged_certificate_header_makes_nobody_another(mesh: ClientMesh) -> None:
    forged = {"x-forwarded-client-cert": f"URI={TREASURER}"}
    assert send(mesh, CALL, JSON | forged).agent["id"] == RESEARCHER
    # Nor where a proxy is trusted: the certificate that Envoy saw goes first.
    assert send(mesh, CALL, JSON | forged, host=PROXIED).agent["id"] == RESEARCHER


def test_certificate_header_counts_only_behind_a_trusted_proxy(mesh: ClientMesh) -> None:

    def agent(header: str, host: str = "") -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", mesh.plain_port, timeout=20)
        headers = JSON | {"x-forwarded-client-cert": header}
        return exchange(connection, "POST", "/mcp", CALL, headers, host).agent

    nobody = agent(f"URI={TREASURER}")
    assert "id" not in nobody
    assert nobody["provenance"] == "absent"
    assert agent(f"Hash=ab;URI={TREASURER}", PROXIED)["id"] == TREASURER
    # What the client prepended is not what the proxy appended.
    assert agent(f"URI={TREASURER},URI={RESEARCHER}", PROXIED)["id"] == RESEARCHER
    assert "id" not in agent(f"URI={RESEARCHER};URI={TREASURER}", PROXIED)
    assert "id" not in agent("URI=spiffe://acme.example/../x", PROXIED)


def test_what_a_client_says_of_itself_is_claimed(mesh: ClientMesh) -> None:
    """A forged token, confidence, session or service name gives no attested fact."""
    claims = {
        "authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
        "x-agent-confidence": "1.0",
        "mcp-session-id": "of-somebody-else",
        "x-envoy-downstream-service-cluster": "payments",
        "x-jwt-signature-verified": "true",
        "impersonate-user": "root",
    }
    agent = send(mesh, CALL, JSON | claims).agent
    assert agent["human"] == {"id": "admin", "provenance": "claimed"}
    assert agent["session_provenance"] == "claimed"
    assert agent.get("service", {}).get("provenance", "claimed") == "claimed"
    chain = {it["id"]: it["provenance"] for it in agent["delegation"]}
    assert chain == {RESEARCHER: "attested", "admin": "claimed", "root": "claimed"}


def test_route_that_carries_mcp_carries_nothing_else(mesh: ClientMesh) -> None:
    assert send(mesh, CALL, JSON, host=MCP_ONLY).action["tool"] == "search_documents"
    no_version = CALL.replace('"jsonrpc": "2.0", ', "")
    assert send(mesh, no_version, JSON, host=MCP_ONLY).code == "uncertain_request"
    assert send(mesh, '{"a":1}', JSON, host=MCP_ONLY).code == "uncertain_request"
    vault = {"x-vault-token": "t"}
    assert send(mesh, method="GET", path="/v1/a", headers=vault, host=MCP_ONLY).code


def test_other_methods_carry_no_messages(mesh: ClientMesh) -> None:
    assert send(mesh, DELETE, JSON, method="PUT").code == "uncertain_request"
    assert send(mesh, DELETE, JSON, method="PATCH").code == "uncertain_request"


PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'


@pytest.mark.parametrize(
    ("path", "members", "headers", "effect"),
    [
        ("/api/v1/namespaces/a/serviceaccounts/b/token", "", {}, "secret"),
        ("/api/v1/namespaces/a/pods/p/exec?command=sh", "", {}, "execute"),
        ("/v1/message:send", '"message":{}', {}, "delegate"),
        ("/v1/transit/decrypt/k", '"ciphertext":"c"', {"x-vault-token": "t"}, "secret"),
        ("/?query=INSERT+INTO+t+FORMAT+JSONEachRow", "", {}, "write"),
    ],
)
def test_message_on_top_of_another_request(
    mesh: ClientMesh,
    lenient: ClientMesh,
    path: str,
    members: str,
    headers: dict[str, str],
    effect: str,
) -> None:
    """A server that goes by the path ignores members that it does not know."""
    body = PING[:-1] + ("," + members if members else "") + "}"
    assert send(mesh, body, JSON | headers, path=path).code == "uncertain_request"
    action = send(lenient, body, JSON | headers, path=path).action
    assert "mismatch" in action["doubts"]
    assert action["effect"] == effect


def test_message_with_members_of_its_own_is_refused(mesh: ClientMesh) -> None:
    body = PING[:-1] + ',"user":"bob"}'
    assert send(mesh, body, JSON, path="/admin/users/delete").code == "uncertain_request"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("DELETE", "/users/1?query=select", "", {"x-trino-user": "a"}),
        ("DELETE", "/?query=show", "", {}),
        ("POST", "/admin/delete", "select=1&user=bob", {"x-trino-user": "a"}),
        ("POST", "/admin/delete", '{"q":"select","user":"bob"}', JSON | {"x-trino-user": "a"}),
        ("POST", "/admin/delete", '{"cursor":"","user":"bob"}', JSON | {"x-trino-user": "a"}),
        ("POST", "/v1/messages", '{"to":"+1555","text":"hi"}', JSON),
        ("DELETE", "/tasks/t:subscribe", "", {}),
    ],
)
def test_nothing_makes_a_request_milder(
    mesh: ClientMesh, method: str, path: str, body: str, headers: dict[str, str]
) -> None:
    answer = send(mesh, body, headers, method=method, path=path)
    assert answer.code or answer.action["effect"] in ("write", "unknown")


def test_statement_that_databases_read_differently(mesh: ClientMesh) -> None:
    hidden = "SELECT '\\'; DROP TABLE t; --'"
    answer = send(mesh, hidden, {"content-type": "application/sql"}, path="/")
    assert answer.code == "uncertain_request"
