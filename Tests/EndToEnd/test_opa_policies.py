# SPDX-License-Identifier: Apache-2.0
"""Policies written for OPA-Envoy, unchanged, behind the real Envoy."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from conftest import MeshFactory, Partner, folder

EXPIRED = -60


@pytest.fixture(scope="module")
def quickstart(start_mesh: MeshFactory) -> Partner:
    return opa(start_mesh, "quickstart", "envoy/authz/allow")


@pytest.fixture(scope="module")
def basic_auth(start_mesh: MeshFactory) -> Partner:
    return opa(start_mesh, "basic_auth", "envoy/authz/allow")


@pytest.fixture(scope="module")
def result(start_mesh: MeshFactory) -> Partner:
    return opa(start_mesh, "result", "envoy/authz/result")


def opa(start_mesh: MeshFactory, policy: str, entrypoint: str, **options: object) -> Partner:
    policies = folder("opa") / policy
    options |= {"policies": policies, "entrypoint": entrypoint, "route_entrypoints": []}
    return Partner(start_mesh(**options))


def token(role: str, subject: str, seconds: int = 600, secret: bytes = b"secret") -> str:
    """A bearer token (RFC 7519, HS256)."""
    now = int(time.time())
    claims = {"role": role, "sub": encoded(subject.encode()), "nbf": now - 60, "exp": now + seconds}
    parts = [
        encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
    return "Bearer " + ".".join([*parts, encoded(signature)])


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("authorization", "method", "path", "person", "status"),
    [
        (token("guest", "alice"), "GET", "/people", None, 200),
        (token("guest", "alice"), "POST", "/people", {"firstname": "Charlie"}, 403),
        (token("admin", "bob"), "GET", "/people", None, 200),
        (token("admin", "bob"), "POST", "/people", {"firstname": "Charlie"}, 200),
        (token("admin", "bob"), "POST", "/people", {"firstname": "Bob"}, 403),
        (token("admin", "bob"), "GET", "/people/1", None, 403),
        (token("guest", "alice", EXPIRED), "GET", "/people", None, 403),
        (token("guest", "alice", secret=b"other"), "GET", "/people", None, 403),
        ("Bearer nonsense", "GET", "/people", None, 403),
        (None, "GET", "/people", None, 403),
    ],
)
def test_quick_start(
    quickstart: Partner,
    authorization: str | None,
    method: str,
    path: str,
    person: dict[str, str] | None,
    status: int,
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = quickstart.request(method, path, headers=headers, json=person)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("user", "path", "status"),
    [
        ("alice", "/productpage", 200),
        ("alice", "/api/v1/products", 403),
        ("bob", "/api/v1/products", 200),
        ("eve", "/productpage", 403),
    ],
)
def test_basic_auth(basic_auth: Partner, user: str, path: str, status: int) -> None:
    credentials = base64.b64encode(f"{user}:password".encode()).decode()
    answer = basic_auth.request("GET", path, headers={"authorization": f"Basic {credentials}"})
    assert answer.status_code == status


def test_result_allows_and_rewrites(result: Partner) -> None:
    headers = {"x-secret": "s", "x-replaced": "by client"}
    answer = result.request("GET", "/allowed?debug=1&q=x", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["x-answered"] == "yes"
    seen = answer.json()
    assert seen["headers"]["x-user"] == "ada"
    assert seen["headers"]["x-replaced"] == "by policy"
    assert "x-secret" not in seen["headers"]
    assert seen["path"] == "/allowed?page=2%20%26%203&q=x"


def test_result_denies_with_its_own_answer(result: Partner) -> None:
    answer = result.request("GET", "/busy")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"slow": "down"}


def test_result_redirects_with_two_cookies(result: Partner) -> None:
    answer = result.request("GET", "/login")
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://login.example/"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_result_denies_by_default(result: Partner) -> None:
    assert result.request("GET", "/other").status_code == 403


def test_route_may_not_name_an_entrypoint_that_is_not_allowed(result: Partner) -> None:
    # The gateway's /payments route names routes/payments/decision, which this server does not know.
    answer = result.request("GET", "/payments/", headers={"host": "gateway.acme.example"})
    assert answer.status_code in {403, 503}
