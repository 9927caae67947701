# SPDX-License-Identifier: Apache-2.0
"""More attempts to look like another request: spellings, framing, headers that servers obey.

As in `test_bypass.py` the gateway is careless and the policy allows everything.
"""

import gzip
import json
import socket
from typing import Any

import pytest
from clients.mesh import SEEN, ClientMesh, decoded
from test_bypass import CALL, DELETE, JSON, RESEARCHER, call, lenient, mesh, send

from demo.story import DECISION_HEADER, Gateway

__all__ = ["lenient", "mesh"]  # fixtures

CYRILLIC_O = "\u043e"
ESCAPED = DELETE.replace('"delete_document"', '"del\\u0065te_document"')


def raw(mesh: ClientMesh, request: bytes) -> list[tuple[int, dict[str, str]]]:
    """Sends bytes as they are, as the researcher; status and headers of each answer."""
    tls = Gateway("", mesh.certificates).tls("researcher")
    with (
        socket.create_connection(("127.0.0.1", mesh.port), timeout=20) as plain,
        tls.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(request)
        connection.settimeout(3)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    answers = []
    for part in received.split(b"HTTP/1.1 ")[1:]:
        head = part.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        fields = [line.split(": ", 1) for line in head[1:] if ": " in line]
        answers.append((int(head[0].split()[0]), {name.lower(): value for name, value in fields}))
    return answers


def request(body: bytes, *headers: str, line: str = "POST /mcp HTTP/1.1") -> bytes:
    head = [line, "host: gateway.acme.example", "content-type: application/json", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("body", "headers", "doubt"),
    [
        # Other encodings of the same text
        (b"\xef\xbb\xbf" + DELETE.encode(), {"content-type": "text/plain"}, "text_encoding"),
        (DELETE.encode("utf-16-be"), {}, "text_encoding"),
        (DELETE.encode("utf-32-be"), {}, "text_encoding"),
        (DELETE.encode("utf-7"), {"content-type": "application/json; charset=utf-7"},
         "text_encoding"),
        (DELETE, {"content-type": 'application/json; charset="UTF-16"'}, "text_encoding"),
        (DELETE.replace("delete", "del\ud800ete").encode("utf-8", "surrogatepass"), {},
         "malformed_body"),
        (DELETE.encode().replace(b"delete", b"\xc1\xa4elete"), {}, "malformed_body"),
        # Compressed, said and unsaid
        (b"x" * 64, {"content-encoding": "br"}, "content_encoding"),
        (b"(\xb5/\xfd" + b"x" * 64, {"content-encoding": "zstd"}, "content_encoding"),
        (gzip.compress(DELETE.encode()), {"content-encoding": "x-gzip"}, "content_encoding"),
        (gzip.compress(DELETE.encode()), {"content-encoding": "identity, gzip"},
         "content_encoding"),
        (CALL, {"content-encoding": "identity;q=0, gzip"}, "content_encoding"),
        (CALL, {"content-encoding": "gzip\t"}, "content_encoding"),
        (gzip.compress(gzip.compress(DELETE.encode())), {"content-encoding": "gzip, gzip"},
         "content_encoding"),
        (gzip.compress(DELETE.encode()), {}, "malformed_body"),
        # Batches in batches, and what stands behind the document
        (f"[[{DELETE}]]", {}, "batch"),
        (f"[{CALL},[{DELETE}]]", {}, "batch"),
        (DELETE + "x", {}, "malformed_body"),
        (DELETE + "\0", {}, "malformed_body"),
        (DELETE + "\n" + DELETE, {}, "malformed_body"),
        (DELETE + ",", {}, "malformed_body"),
        # Keys that are the same once they are read
        (CALL.replace('"name"', '"n\\u0061me":"delete_document","name"'), {}, "duplicate_keys"),
        (CALL.replace('"method"', '"m\\u0065thod":"tools/list","method"'), {}, "duplicate_keys"),
        (CALL.replace('"params"', '"PARAMS":{"name":"x"},"params"'), {}, "ambiguous_keys"),
        (CALL.replace('"params"', '"param\u017f":{"name":"x"},"params"'), {}, "ambiguous_keys"),
        (CALL.replace('"params"', '"param\\u017f":{"name":"x"},"params"'), {}, "ambiguous_keys"),
        (CALL.replace('"arguments"', '"argument\u017f":{},"arguments"'), {}, "ambiguous_keys"),
        # Numbers, literals and quotes that only lenient parsers take
        (DELETE.replace('"id": 7', '"id": 0x7'), {}, "malformed_body"),
        (DELETE.replace('"id": 7', '"id": 07'), {}, "malformed_body"),
        (DELETE.replace('"id": 7', '"id": +7'), {}, "malformed_body"),
        (DELETE.replace('"id": 7', '"id": Infinity'), {}, "malformed_body"),
        (DELETE.replace('"', "'"), {}, "malformed_body"),
        (DELETE + "x", {"content-type": "text/plain"}, "malformed_body"),
        (DELETE.replace('"x"', "NaN"), {"content-type": "x/y"}, "malformed_body"),
        (DELETE[:-1] + ",}", {"content-type": "text/json"}, "malformed_body"),
        (DELETE.replace('"x"', '"x\t"'), {}, "malformed_body"),
        (DELETE.replace('"id": 7', '"id": {}'), {}, "malformed_message"),
        # Headers that some servers obey instead of the request line
        (DELETE, {"x-http-method": "GET"}, "method_override"),
        (DELETE, {"x-method-override": "PUT"}, "method_override"),
        (DELETE, {"x-original-url": "/public"}, "path_override"),
        (DELETE, {"x-rewrite-url": "/public"}, "path_override"),
        (DELETE, {"mcp-method": "tools/call\0"}, "mismatch"),
        (DELETE, {"mcp-method": "TOOLS/CALL", "mcp-name": "delete_document"}, "mismatch"),
    ],
)  # fmt: skip
def test_doubtful_request_is_refused(
    mesh: ClientMesh, lenient: ClientMesh, body: bytes | str, headers: dict[str, str], doubt: str
) -> None:
    if any("\0" in value for value in headers.values()):
        lines = [f"{name}: {value}" for name, value in headers.items()]
        content = body.encode() if isinstance(body, str) else body
        (answer,) = raw(mesh, request(content, f"content-length: {len(content)}", *lines))
        assert answer[0] == 400, "Envoy takes no such header"
        return
    assert send(mesh, body, JSON | headers).code == "uncertain_request"
    seen = send(lenient, body, JSON | headers)
    assert seen.code == ""
    assert doubt in seen.doubts
    assert seen.action["certain"] is False
    assert seen.action["effect"] != "read"


@pytest.mark.parametrize("body", [ESCAPED, DELETE.replace("tools/call", "\\u0074ools\\/call")])
def test_escapes_are_read(mesh: ClientMesh, body: str) -> None:
    action = send(mesh, body, JSON).action
    assert (action["operation"], action["tool"]) == ("tools/call", "delete_document")
    assert action["certain"] is True


@pytest.mark.parametrize(
    "number", ["1e400", "9" * 40, "-0", "1E+2", "0.1e-400", "9007199254740993"]
)
def test_number_that_overflows_hides_nothing(mesh: ClientMesh, number: str) -> None:
    body = DELETE.replace('"id": 7', f'"id": {number}').replace('"x"', number)
    answer = send(mesh, body, JSON)
    assert answer.code == "uncertain_request" or answer.action["tool"] == "delete_document"


def test_half_a_surrogate_is_no_known_name(mesh: ClientMesh) -> None:
    """Some readers take U+FFFD for it, some keep it; none may take it for nothing."""
    action = send(mesh, CALL.replace("documents", "docu\\ud800ments"), JSON).action
    assert action["tool"] == "search_docu\ufffdments"


def test_compressed_body_is_unknown(lenient: ClientMesh) -> None:
    action = send(lenient, gzip.compress(CALL.encode()), JSON | {"content-encoding": "gzip"}).action
    assert (action["effect"], action["certain"]) == ("unknown", False)
    assert "tool" not in action


@pytest.mark.parametrize(
    "name", ["search_documents\0delete", "search_documents\n", f"search_d{CYRILLIC_O}cuments", " "]
)
def test_name_is_the_whole_name(mesh: ClientMesh, name: str) -> None:
    action = send(mesh, call(name), JSON).action
    assert action["tool"] == name
    assert action["effect"] != "read"


@pytest.mark.parametrize(
    "method", [f"t{CYRILLIC_O}ols/list", "Tools/List", "tools/list ", "tools//list", "tools\0/list"]
)
def test_method_that_looks_like_a_harmless_one(mesh: ClientMesh, method: str) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": {}})
    answer = send(mesh, body, JSON)
    assert answer.code == "uncertain_request" or answer.action["effect"] == "unknown"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/public;a=b/../secret/data/x",
        "/v1/public/;/../secret/data/x",
        "/v1/public/%2E%2e/secret/data/x",
        "/v1/public/%2e%2e%2fsecret/data/x",
        "/v1/public/%2e%2e%5csecret/data/x",
        "/v1/public/%c0%ae%c0%ae/secret/data/x",
        "/v1/public/%u002e%u002e/secret/data/x",
        "/v1/public/%00/../secret/data/x",
        "/v1/public/..%00/secret/data/x",
        "/v1/public/..%3b/secret/data/x",
        "/v1/public/.%2e/secret/data/x",
        "/v1/public/%",
        "/v1/secret/data/x;.css",
        "/v1/secret/data/x%23/public",
        "/v1/secret/data/x%3fpublic",
    ],
)
def test_path_that_two_servers_read_differently(mesh: ClientMesh, path: str) -> None:
    answer = send(mesh, method="GET", path=path, headers={"x-vault-token": "t"})
    assert answer.code or answer.action["certain"] is False, answer.action
    if not answer.code:
        assert answer.action["effect"] != "read"


def test_fragment_is_no_way_around(mesh: ClientMesh) -> None:
    (answer,) = raw(mesh, request(b"", line="GET /v1/secret/data/x#/public HTTP/1.1"))
    assert answer[0] == 400


def test_absolute_form_names_the_host(mesh: ClientMesh) -> None:
    """The target counts, and not the header (RFC 9112 section 3.2.2)."""
    line = "GET http://partner.example/v1/x?y HTTP/1.1"
    (answer,) = raw(mesh, request(b"", line=line))
    action = seen(answer)["action"]
    assert action["destination"]["host"] == "partner.example"
    assert action["resource"] == "/v1/x"


@pytest.mark.parametrize("host", ["a@partner.example", "partner.example#x", "partner.example/x",
                                  "[::1", "partner.example:99999", "par\ttner"])  # fmt: skip
def test_host_that_is_none(mesh: ClientMesh, host: str) -> None:
    lines = f"GET / HTTP/1.1\r\nhost: {host}\r\nx-vault-token: t\r\n\r\n".encode()
    for status, headers in raw(mesh, lines):
        if status != 400:
            action = seen((status, headers))["action"]
            assert action["certain"] is False
            assert "malformed_host" in action["doubts"]


@pytest.mark.parametrize("host", ["PARTNER.example", "partner.example.", "partner.example:443"])
def test_spelling_of_a_host_hides_nothing(mesh: ClientMesh, host: str) -> None:
    answer = send(mesh, method="GET", path="/", host=host)
    assert answer.action["destination"]["host"] == "partner.example"


def test_forwarded_host_moves_nothing(mesh: ClientMesh) -> None:
    forwarded = {
        "x-forwarded-host": "internal.acme.example",
        "forwarded": "host=internal.acme.example",
        "x-host": "internal.acme.example",
    }
    action = send(mesh, method="GET", path="/", host="partner.example", headers=forwarded).action
    assert action["destination"]["host"] == "partner.example"


@pytest.mark.parametrize(
    "name",
    ["x-spiffe-id", "x-agent-id", "x-portcullis-agent", "x-envoy-peer-metadata-id",
     "x-ssl-client-s-dn", "x-forwarded-user", "x-client-cert", "ssl-client-cert"],
)  # fmt: skip
def test_identity_by_header_is_no_identity(mesh: ClientMesh, name: str) -> None:
    agent = send(mesh, CALL, JSON | {name: "spiffe://acme.example/agent/treasurer"}).agent
    assert (agent["id"], agent["provenance"]) == (RESEARCHER, "attested")


def seen(answer: tuple[int, dict[str, str]]) -> dict[str, Any]:
    assert SEEN in answer[1], answer
    return decoded(answer[1][SEEN])


# Framing


def test_length_and_chunks_together_are_refused(mesh: ClientMesh) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DELETE), DELETE.encode())
    headers = ["transfer-encoding: chunked", "content-length: 4"]
    assert [it[0] for it in raw(mesh, request(body, *headers))] == [400]


@pytest.mark.parametrize("coding", ["gzip, chunked", "xchunked", "chunked, chunked", "identity"])
def test_odd_transfer_coding_is_refused(mesh: ClientMesh, coding: str) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DELETE), DELETE.encode())
    (answer,) = raw(mesh, request(body, f"transfer-encoding: {coding}"))[:1]
    assert answer[0] in (400, 501)


def test_header_of_another_call_is_refused(mesh: ClientMesh) -> None:
    body = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"t"}}'
    forged = {"mcp-method": "tools/call", "mcp-name": "delete_document"}
    assert send(mesh, body, JSON).action["protocol"] == "a2a"
    assert send(mesh, body, JSON | forged).code == "uncertain_request"


def test_chunks_hide_nothing(mesh: ClientMesh) -> None:
    """Cut in the middle of the tool's name, with an extension and a trailer."""
    middle = DELETE.index("delete") + 3
    pieces = [DELETE[:middle].encode(), DELETE[middle:].encode()]
    body = b"".join(b"%x;a=b\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    body += b"0\r\nmcp-name: search_documents\r\n\r\n"
    (answer,) = raw(mesh, request(body, "transfer-encoding: chunked"))
    if answer[0] != 400:
        assert seen(answer)["action"]["tool"] == "delete_document"


def test_length_of_nothing_with_a_body(mesh: ClientMesh) -> None:
    """What follows is a request of its own, and as such no request at all."""
    answers = raw(mesh, request(DELETE.encode(), "content-length: 0"))
    assert [status for status, _ in answers[1:]] in ([], [400])
    status, headers = answers[0]
    assert status == 400 or DECISION_HEADER in headers
    if SEEN in headers:
        assert "tool" not in seen(answers[0])["action"]


def test_request_behind_a_request_is_judged_too(mesh: ClientMesh) -> None:
    first = request(CALL.encode(), f"content-length: {len(CALL)}")
    second = request(DELETE.encode(), f"content-length: {len(DELETE)}", "connection: close")
    tools = [seen(answer)["action"]["tool"] for answer in raw(mesh, first + second)]
    assert tools == ["search_documents", "delete_document"]


def test_two_lengths_are_refused(mesh: ClientMesh) -> None:
    lengths = [f"content-length: {len(DELETE)}", "content-length: 0"]
    assert [it[0] for it in raw(mesh, request(DELETE.encode(), *lengths))] == [400]


def test_body_of_a_get_is_seen(mesh: ClientMesh) -> None:
    answer = send(mesh, DELETE, JSON, method="GET")
    assert answer.code == "uncertain_request" or answer.action["certain"] is False


@pytest.mark.parametrize("method", ["post", "Post", "TOOLS", "GET\t"])
def test_odd_method_is_no_harmless_one(mesh: ClientMesh, method: str) -> None:
    line = f"{method} /mcp HTTP/1.1"
    (answer,) = raw(mesh, request(DELETE.encode(), f"content-length: {len(DELETE)}", line=line))
    status, headers = answer
    if status != 400 and SEEN in headers:
        action = seen(answer)["action"]
        assert action["effect"] != "read"
        assert action["certain"] is False or action.get("tool") == "delete_document"
