# SPDX-License-Identifier: Apache-2.0
"""The operators' API as its clients see it: the document, the ways in, metrics, the policy."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from direct import Client, Load, Server, sample
from openapi_spec_validator import validate
from operators import Operators

from demo.mesh import ROOT, portcullis_binary

AGENT = "spiffe://acme.example/agents/research"
IDLE_KIB = 30 << 10
START_SECONDS = 0.1

MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    servers: list[Server] = []

    def make(**settings: Any) -> Server:
        servers.append(Server(tmp_path, settings=settings))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


class Document:
    """openapi.json, and whether answers are what it says."""

    def __init__(self, text: str) -> None:
        self.root = json.loads(text)
        validate(self.root)
        self.seen: set[tuple[str, str, int]] = set()

    def check(self, method: str, path: str, answer: tuple[int, dict[str, str], str]) -> Any:
        status, headers, body = answer
        pattern, operation = self.operation(method, urllib.parse.urlsplit(path).path)
        assert str(status) in operation["responses"], f"{method} {path}: {status} is not told"
        response = self.resolve(operation["responses"][str(status)])
        kind = headers["content-type"].split(";")[0]
        assert kind in response["content"], f"{method} {path}: {kind} is not told"
        self.seen.add((method, pattern, status))
        if not kind.endswith("json"):
            return body
        document = json.loads(body)
        schema = response["content"][kind]["schema"]
        whole = {**schema, "components": self.root["components"]}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        jsonschema.Draft202012Validator(whole, format_checker=checker).validate(document)
        return document

    def operation(self, method: str, path: str) -> tuple[str, Any]:
        for pattern, methods in self.root["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                return pattern, methods[method.lower()]
        raise AssertionError(f"{path} is not told")

    def resolve(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            target: Any = self.root
            for part in value["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            value = target
        return value


def test_answers_are_what_the_document_says(make_server: MakeServer) -> None:
    operators = Operators(make_server().start())
    document = Document(operators.get("/v1/openapi.json"))
    agent = "/v1/agents/" + urllib.parse.quote(AGENT, safe="")
    signal_body = {"agent": AGENT, "kind": "dlp", "severity": 1, "confidence": 2, "seconds": 60}
    isolate = {"name": "isolate", "seconds": 60, "reason": "a test"}
    for method, path, body, status in [
        ("POST", "/v1/signals", signal_body, 201),
        ("POST", "/v1/signals", {**signal_body, "severity": 101}, 400),
        ("POST", f"{agent}/restrictions", isolate, 201),
        ("POST", f"{agent}/restrictions", {"name": "nonsense", "seconds": 60}, 400),
        ("POST", f"{agent}/restrictions", {"name": "isolate"}, 400),
        ("POST", f"{agent}/restrictions", {**isolate, "reason": "x" * 70_000}, 413),
        ("GET", "/v1/agents", None, 200),
        ("GET", "/v1/agents?restricted=true&limit=1&contains=acme", None, 200),
        ("GET", "/v1/agents?limit=many", None, 400),
        ("GET", agent, None, 200),
        ("GET", "/v1/agents/nobody", None, 404),
        ("DELETE", f"{agent}/restrictions/isolate?reason=a%20test", None, 200),
        ("DELETE", f"{agent}/restrictions", None, 200),
        ("DELETE", "/v1/agents/nobody/restrictions", None, 404),
        ("GET", "/v1/approvals", None, 200),
        ("GET", "/v1/approvals?state=pending", None, 200),
        ("GET", "/v1/approvals/none", None, 404),
        ("POST", "/v1/approvals/none/grant", {"reason": "a test"}, 404),
        ("POST", "/v1/approvals/none/deny", None, 404),
        ("GET", "/v1/policy", None, 200),
        ("POST", "/v1/policy/reload", None, 200),
        ("GET", "/v1/health", None, 200),
        ("GET", "/metrics", None, 200),
        ("GET", "/v1/openapi.json", None, 200),
    ]:
        answer = operators.request(method, path, body)
        assert answer[0] == status, f"{method} {path}: {answer}"
        document.check(method, path, answer)
    told = {
        (method.upper(), path)
        for path, methods in document.root["paths"].items()
        for method in methods
    }
    assert {(method, path) for method, path, _ in document.seen} == told


def test_every_deed_is_in_the_log(make_server: MakeServer) -> None:
    server = make_server().start()
    operators = Operators(server)
    records = [
        operators.json("agents", "isolate", AGENT, "--for", "1h", "--reason", "why")["record"],
        operators.json("agents", "release", AGENT, "isolate")["record"],
        operators.json("signals", "send", AGENT, "dlp", "--severity", "9", "--for", "1m")["record"],
    ]
    assert server.terminate() == 0
    server.verify_log()
    logged = [json.loads(entry) for entry in server.entries()]
    assert [it["id"] for it in logged] == records
    assert [it["kind"] for it in logged] == ["operation", "operation", "signal"]
    assert all(it["operator"].startswith("unix:") for it in logged)
    assert logged[0]["reason"] == "why"


def test_command_line_says_what_is_wrong(make_server: MakeServer) -> None:
    server = make_server()
    operators = Operators(server)
    text = operators.run("agents", "list", expect=1)
    assert "no answer from" in text
    assert "hint: is `portcullis serve` running" in text
    server.start()
    assert operators.run("agents", "list") == "no agents\n"
    assert "unknown_agent" in operators.run("agents", "release", AGENT, expect=3)
    assert "invalid_argument" in operators.run(
        "agents", "restrict", AGENT, "nonsense", "--for", "1h", expect=3
    )
    operators.run("agents", "isolate", AGENT, "--for", "soon", expect=3)
    # What an agent calls itself must not reach a terminal as it is.
    operators.run("signals", "send", "a\u202eb\u009bc", "dlp", "--severity", "1", "--for", "1m")
    assert "a?b?c" in operators.run("agents", "list")


def test_restrictions_count_at_once_and_metrics_tell_them(make_server: MakeServer) -> None:
    server = make_server().start()
    operators = Operators(server)
    client = Client(server)
    assert client.check(sample()).kind == "ok"
    (agent,) = operators.json("agents", "list")["agents"]
    operators.run("agents", "isolate", agent["id"], "--for", "1h")
    assert client.check(sample()).kind == "denied"
    operators.run("agents", "release", agent["id"])
    assert client.check(sample()).kind == "ok"
    text = operators.get("/metrics")
    assert 'portcullis_checks_total{action="allow",decided_by="policy"} 2' in text
    assert 'portcullis_checks_total{action="deny",decided_by="restriction"} 1' in text
    assert "portcullis_check_duration_seconds_count 3" in text
    assert "portcullis_answers_remembered_total 1" in text
    assert "portcullis_log_up 1" in text
    promtool = shutil.which("promtool")
    if promtool:
        done = subprocess.run(
            [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert server.terminate() == 0
    took = [it["duration_ns"] for it in server.records() if it["kind"] == "decision"]
    (total,) = re.findall(r"^portcullis_check_duration_seconds_sum (\S+)$", text, re.MULTILINE)
    assert round(float(total) * 1e9) == sum(took)


def policy(folder: Path, action: str) -> None:
    folder.mkdir(exist_ok=True)
    text = f'package app\n\nimport rego.v1\n\ndecision := {{"action": "{action}"}}\n'
    (folder / "app.rego").write_text(text)


def test_approvals(make_server: MakeServer, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policy(policies, "require_approval")
    server = make_server(policies=[str(policies)], data=[], entrypoint="app/decision").start()
    operators = Operators(server)
    document = Document(operators.get("/v1/openapi.json"))
    client = Client(server)
    assert client.check(sample()).is_refusal
    path = "/v1/approvals?state=pending"
    listed = document.check("GET", path, operators.request("GET", path))["approvals"]
    assert len(listed) == 1
    id = listed[0]["id"]
    assert id in operators.run("approvals", "list", "--state", "pending")
    assert listed[0]["digest"] in operators.run("approvals", "show", id)
    assert "is granted" in operators.run("approvals", "grant", id, "--reason", "checked")
    assert client.check(sample()).kind == "ok", "once"
    assert client.check(sample()).is_refusal, "and no more"
    used = document.check(
        "GET", f"/v1/approvals/{id}", operators.request("GET", f"/v1/approvals/{id}")
    )
    assert used["state"] == "used"
    assert used["decided_by"].startswith("unix:")
    assert "approval_decided" in operators.run("approvals", "deny", id, expect=3)
    (second,) = operators.json("approvals", "list", "--state", "pending")["approvals"]
    assert "is denied" in operators.run("approvals", "deny", second["id"])
    assert client.check(sample()).is_refusal


@pytest.mark.parametrize("way", ["api", "signal"])
def test_policy_reloads_while_checks_are_answered(
    make_server: MakeServer, tmp_path: Path, way: str
) -> None:
    policies = tmp_path / "policies"
    policy(policies, "deny")
    server = make_server(policies=[str(policies)], data=[], entrypoint="app/decision").start()
    operators = Operators(server)
    before = json.loads(operators.get("/v1/policy"))

    def reload() -> None:
        if way == "api":
            operators.request("POST", "/v1/policy/reload")
        else:
            assert server.process
            server.process.signal_group(signal.SIGHUP)

    def reloads(outcome: str) -> bool:
        line = f'portcullis_policy_reloads_total{{outcome="{outcome}"}} 1'
        return line in operators.get("/metrics")

    with Load(server, sample(), connections=1) as load:
        load.wait_for_answers(50)
        assert {answer.kind for answer in load.answers} == {"denied"}
        (policies / "app.rego").write_text("package app\n\ndecision := nonsense\n")
        reload()
        wait_until(lambda: reloads("failed"))
        assert json.loads(operators.get("/v1/policy")) == before
        policy(policies, "allow")
        reload()
        wait_until(lambda: reloads("done"))
        seen = len(load.answers)
        load.wait_for_answers(300)
        assert {answer.kind for answer in load.answers[:seen]} <= {"denied", "ok"}
        assert load.answers[-1].kind == "ok"
    assert not load.failures
    assert json.loads(operators.get("/v1/policy"))["revision"] != before["revision"]
    assert "nonsense" in (server.folder / "output.txt").read_text()


def wait_until(ready: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_reload_says_what_is_wrong(make_server: MakeServer, tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    policy(policies, "allow")
    server = make_server(policies=[str(policies)], data=[], entrypoint="app/decision").start()
    operators = Operators(server)
    document = Document(operators.get("/v1/openapi.json"))
    (policies / "app.rego").write_text("package app\n\ndecision := nonsense\n")
    answer = operators.request("POST", "/v1/policy/reload")
    problem = document.check("POST", "/v1/policy/reload", answer)
    assert (problem["status"], problem["code"]) == (422, "invalid_policy")
    assert "app.rego:3" in problem["detail"]


class Authorities:
    """Certificates for the API on TCP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority("ca")
        self.authority("other")
        self.certificate("server", "ca", "serverAuth", "subjectAltName=IP:127.0.0.1")
        self.certificate("alice", "ca", "clientAuth")
        self.certificate("mallory", "ca", "serverAuth")
        self.certificate("eve", "other", "clientAuth")

    def path(self, name: str, kind: str = "pem") -> str:
        return str(self.folder / f"{name}.{kind}")

    def authority(self, name: str) -> None:
        self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", self.path(name, "key"), "-out", self.path(name), "-days", "2",
            "-subj", f"/CN={name}",
        )  # fmt: skip

    def certificate(self, name: str, issuer: str, purpose: str, *extensions: str) -> None:
        extra = [part for text in extensions for part in ("-addext", text)]
        self.openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", self.path(name, "key"), "-out", self.path(name), "-days", "2",
            "-subj", f"/O=Acme/CN={name}", "-CA", self.path(issuer),
            "-CAkey", self.path(issuer, "key"), "-addext", "basicConstraints=critical,CA:false",
            "-addext", f"extendedKeyUsage={purpose}", *extra,
        )  # fmt: skip

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture
def authorities(tmp_path: Path) -> Authorities:
    return Authorities(tmp_path)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cli(*arguments: str, expect: int = 0) -> str:
    done = subprocess.run(
        [portcullis_binary(), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == expect, f"{done.returncode}: {done.stderr}"
    return done.stdout if expect == 0 else done.stderr


def test_mutual_tls(make_server: MakeServer, authorities: Authorities) -> None:
    port = free_port()
    server = make_server(
        operators={
            "tcp": f"127.0.0.1:{port}",
            "tls": {
                "certificate": authorities.path("server"),
                "key": authorities.path("server", "key"),
                "client_authorities": authorities.path("ca"),
            },
            "certificates": [{"subject": "CN=alice,O=Acme", "may": "operate"}],
        }
    ).start()
    url = ["--url", f"https://127.0.0.1:{port}", "--ca", authorities.path("ca")]

    def who(name: str) -> list[str]:
        return [*url, "--cert", authorities.path(name), "--key", authorities.path(name, "key")]

    cli("agents", "isolate", AGENT, "--for", "1h", *who("alice"))
    assert "unauthorized" in cli("agents", "list", *url, expect=2)
    for name in ["mallory", "eve"]:
        assert "does not hold" in cli("agents", "list", *who(name), expect=2)
    other = ["--url", url[1], "--ca", authorities.path("other")]
    assert "no answer" in cli("agents", "list", *other, expect=1)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(authorities.path("ca"))
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"https://127.0.0.1:{port}/v1/health", context=old, timeout=10)
    assert server.terminate() == 0
    (record,) = [json.loads(entry) for entry in server.entries()]
    assert record["operator"] == "certificate:CN=alice,O=Acme"


def test_tokens(make_server: MakeServer, tmp_path: Path) -> None:
    port = free_port()
    tokens = []
    for name, may in [("alice", "operate"), ("scraper", "observe"), ("dlp", "signal")]:
        file = tmp_path / f"{name}.token"
        file.write_text(f"token-of-{name}-0123456789\n")
        file.chmod(0o600)
        tokens.append({"name": name, "file": str(file), "may": may})
    server = make_server(operators={"tcp": f"127.0.0.1:{port}", "tokens": tokens}).start()
    url = ["--url", f"http://127.0.0.1:{port}"]

    def who(name: str) -> list[str]:
        return [*url, "--token-file", str(tmp_path / f"{name}.token")]

    cli("agents", "restrict", AGENT, "read_only", "--for", "1h", *who("alice"))
    assert AGENT in cli("agents", "list", *who("scraper"))
    assert "forbidden" in cli("agents", "release", AGENT, *who("scraper"), expect=2)
    cli("signals", "send", AGENT, "dlp", "--severity", "5", "--for", "1m", *who("dlp"))
    assert "forbidden" in cli("agents", "list", *who("dlp"), expect=2)
    assert "unauthorized" in cli("agents", "list", *url, expect=2)
    wrong = tmp_path / "wrong.token"
    wrong.write_text("token-of-nobody-0123456789")
    wrong.chmod(0o600)
    assert "unauthorized" in cli("agents", "list", *url, "--token-file", str(wrong), expect=2)
    assert server.terminate() == 0
    assert "token-of-" not in (server.folder / "output.txt").read_text()
    assert b"token-of-" not in b"".join(server.entries())


@pytest.mark.parametrize(
    ("operators", "message"),
    [
        ({"tcp": "127.0.0.1:0"}, "expected `tokens` or `tls.client_authorities`"),
        ({"tcp": "0.0.0.0:0", "tokens": [{"name": "a", "file": "f"}]}, "expected `tls` beside it"),
        ({"unix": "@abstract"}, "expected a path"),
        ({"tls": {"certificate": "c"}}, "operators.tls.key"),
        ({"tokens": [{"name": "a b", "file": "f"}]}, "a name without spaces"),
        ({"tokens": [{"name": "a", "file": "f", "may": "all"}]}, "expected one of `observe`"),
    ],
)
def test_dangerous_configuration_is_refused(
    make_server: MakeServer, operators: dict[str, Any], message: str
) -> None:
    process = make_server(operators=operators).launch()
    assert process.child.wait(20) == 3
    assert message in process.log.read_text()


def test_nothing_but_the_socket_listens(make_server: MakeServer) -> None:
    server = make_server().start()
    path = Path(Operators(server).socket)
    assert path.stat().st_mode & 0o777 == 0o600
    ports = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=False).stdout
    if ports and server.process:
        own = [line for line in ports.splitlines() if f"pid={server.process.child.pid}," in line]
        assert len(own) == 1
        assert f":{server.port} " in own[0]
    assert server.terminate() == 0
    assert not path.exists()


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 2\r\nContent-Length: 40",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Content-Length: +2",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
    ],
)
def test_a_body_has_one_end(make_server: MakeServer, headers: str) -> None:
    """RFC 9112 section 6.3: what a proxy may have read in another way is refused, and nothing is
    answered that could have been smuggled in behind it."""
    import socket

    server = make_server().start()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(Operators(server).socket)
        client.sendall(
            f"POST /v1/signals HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\n{headers}"
            "\r\n\r\n{}GET /v1/agents HTTP/1.1\r\nHost: p\r\n\r\n".encode()
        )
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    assert set(re.findall(rb"HTTP/1.1 (\d+)", answer)) <= {b"400"}
    assert json.loads(Operators(server).get("/v1/health"))["ready"]


def test_slow_clients_do_not_keep_others_out(make_server: MakeServer) -> None:
    import socket

    server = make_server().start()
    operators = Operators(server)
    idle = []
    for _ in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(operators.socket)
        client.sendall(b"GET /v1/health HTTP/1.1\r\nX-Slow: ")
        idle.append(client)
        time.sleep(0.01)
    assert json.loads(operators.get("/v1/health"))["ready"]
    for client in idle:
        client.close()


def test_start_and_memory(make_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's own part of the aims: no more than 100 ms of work to the first answer, 30 MiB."""
    # It touches memory that nobody uses yet.
    monkeypatch.delenv("MALLOC_PERTURB_", raising=False)
    if "release" not in str(portcullis_binary()):
        pytest.skip("measured on the release binary")
    server = make_server()
    server.start()
    assert json.loads(Operators(server).get("/v1/health"))["ready"]
    assert server.process
    process = Path(f"/proc/{server.process.child.pid}")
    fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    assert seconds < START_SECONDS, f"{seconds} s of CPU"
    status = (process / "status").read_text()
    resident = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0])
    assert resident < IDLE_KIB, f"{resident} KiB"


def test_document_in_the_repository_is_the_one_served(make_server: MakeServer) -> None:
    operators = Operators(make_server().start())
    assert operators.get("/v1/openapi.json") == (ROOT / "Sources/Admin/openapi.json").read_text()
