# SPDX-License-Identifier: Apache-2.0
"""The story: what two agents do in one morning, and what comes of each step.

Every step states what must happen; the first that comes out otherwise ends the story.
"""

import argparse
import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

SERVICES = "gateway.acme.example"
PARTNER = "partner.example"
DECISION_HEADER = "x-portcullis-decision-id"
TIMEOUT_SECONDS = 20.0


class StoryFailed(Exception):
    """A step came out otherwise than the story tells."""


@dataclass(frozen=True)
class Step:
    """One line of the story."""

    agent: str
    did: str
    outcome: str
    decision_id: str
    note: str = ""


@dataclass(frozen=True)
class Gateway:
    """Where the agents' gateway listens, and the folder of the certificates."""

    address: str
    certificates: Path

    def tls(self, agent: str) -> ssl.SSLContext:
        """What the agent proves its SPIFFE ID with, and whom it believes."""
        context = ssl.create_default_context(cafile=str(self.certificates / "ca.pem"))
        certificate = self.certificates / f"{agent}.pem"
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        return context

    def client(self, agent: str, host: str) -> httpx2.AsyncClient:
        """An HTTP client with the agent's certificate, for `host` by way of the gateway."""
        return httpx2.AsyncClient(
            base_url=f"https://{self.address}",
            verify=self.tls(agent),
            headers={"host": host},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )


class Agent:
    """An agent of the mesh: an MCP session and plain HTTP, both through the gateway."""

    def __init__(
        self, name: str, gateway: Gateway, http: httpx2.AsyncClient, tools: Client
    ) -> None:
        self.name = name
        self.gateway = gateway
        self.http = http
        self.tools = tools
        self.last_decision = ""

    async def note_decision(self, response: httpx2.Response) -> None:
        # The session's answer stream (GET) is a request of its own and may end at any time.
        if response.request.method == "POST":
            self.last_decision = response.headers.get(DECISION_HEADER, "")

    async def call_tool(self, tool: str, scopes: str = "", **arguments: Any) -> tuple[str, str]:
        """The tool's text and the decision's id; raises MCPError when the call is refused."""
        self.http.headers["x-agent-scopes"] = scopes
        result = await self.tools.call_tool(tool, arguments)
        text = "\n".join(getattr(part, "text", "") for part in result.content)
        if result.is_error:
            raise StoryFailed(f"the tool `{tool}` itself failed: {text}")
        return text, self.last_decision

    async def request(self, method: str, host: str, path: str, **options: Any) -> httpx2.Response:
        async with self.gateway.client(self.name, host) as client:
            return await client.request(method, path, **options)


@asynccontextmanager
async def agent(name: str, gateway: Gateway, mode: str = "auto") -> AsyncIterator[Agent]:
    async with gateway.client(name, SERVICES) as http:
        transport = streamable_http_client(f"https://{gateway.address}/mcp", http_client=http)
        tools = Client(transport, mode=mode, cache=None, read_timeout_seconds=TIMEOUT_SECONDS)
        person = Agent(name, gateway, http, tools)
        http.event_hooks = {"request": [], "response": [person.note_decision]}
        async with tools:
            yield person


def expect(condition: bool, what: str, got: object) -> None:
    if not condition:
        raise StoryFailed(f"expected {what}, got `{got}`")


async def refused_tool(caller: Agent, code: str, tool: str, **arguments: Any) -> tuple[str, str]:
    """The message and decision id of a refused tool call, as the MCP client reads them."""
    try:
        text, _ = await caller.call_tool(tool, **arguments)
    except MCPError as refusal:
        data = refusal.error.data
        expect(isinstance(data, dict), "a JSON-RPC error with data", refusal.error)
        codes = [reason["code"] for reason in data.get("reasons", [])]
        expect(code in codes, f"reason `{code}`", codes)
        expect(bool(data.get("decision_id")), "a decision id", data)
        return refusal.error.message, data["decision_id"]
    raise StoryFailed(f"`{tool}` was let through and said `{text}`")


async def tell(gateway: Gateway, narrate: Callable[[Step], None], mode: str = "auto") -> list[Step]:
    """Lives the story; `narrate` is called after each step. Raises StoryFailed."""
    steps: list[Step] = []

    def step(who: Agent, did: str, outcome: str, decision_id: str, note: str = "") -> None:
        expect(bool(decision_id), f"a decision id for `{did}`", decision_id)
        steps.append(Step(who.name, did, outcome, decision_id, note))
        narrate(steps[-1])

    try:
        async with agent("researcher", gateway, mode) as researcher:
            await ordinary_work(researcher, step)
            await outside_before_and_after(researcher, step)
        async with agent("treasurer", gateway, mode) as treasurer:
            await another_agent(treasurer, step)
    except (ExceptionGroup, MCPError, httpx2.HTTPError) as error:
        raise cause_of(error) from error
    return steps


def cause_of(error: Exception) -> StoryFailed:
    """The first plain error: a session's task group wraps whatever happens inside it."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, StoryFailed):
        return error
    return StoryFailed(f"{type(error).__name__}: {error}")


Narrator = Callable[..., None]


async def ordinary_work(researcher: Agent, step: Narrator) -> None:
    text, decision = await researcher.call_tool(
        "search_documents", "documents.read", query="travel"
    )
    expect("handbook/travel.md" in text, "the document's path", text)
    step(researcher, "search_documents", "allowed", decision)

    asked = "documents.read payments.write cluster.admin"
    text, decision = await researcher.call_tool("show_scopes", asked)
    expect(text == "documents.read", "the upstream to see `documents.read` alone", text)
    step(
        researcher,
        "show_scopes",
        "allowed with less",
        decision,
        f"sent x-agent-scopes `{asked}`, the upstream saw `{text}`",
    )

    words, decision = await refused_tool(
        researcher, "tool_not_allowed", "delete_document", path="handbook/travel.md"
    )
    step(researcher, "delete_document", "denied", decision, f"the MCP client reads: {words}")


async def outside_before_and_after(researcher: Agent, step: Narrator) -> None:
    call = "GET https://partner.example/rates"
    answer = await researcher.request("GET", PARTNER, "/rates")
    expect(answer.status_code == 200, f"200 for `{call}`", answer.status_code)
    step(researcher, call, "allowed", answer.headers.get(DECISION_HEADER, ""))

    text, decision = await researcher.call_tool(
        "read_document", "documents.read", path="payroll/2026-11.csv"
    )
    expect("ada" in text, "the payroll", text)
    step(researcher, "read_document payroll/2026-11.csv", "allowed", decision, "and remembered")

    answer = await researcher.request("GET", PARTNER, "/rates")
    expect(answer.status_code == 403, f"403 for `{call}` after the payroll", answer.status_code)
    note = "the same call as before: what the agent read in between decides"
    step(researcher, call, "denied", answer.headers.get(DECISION_HEADER, ""), note)

    words, decision = await refused_tool(
        researcher,
        "egress_after_restricted_read",
        "post_message",
        scopes="messages.send",
        host=PARTNER,
        text="hello",
    )
    step(researcher, "post_message to partner.example", "denied", decision, words)


async def another_agent(treasurer: Agent, step: Narrator) -> None:
    call = "GET https://partner.example/rates"
    answer = await treasurer.request("GET", PARTNER, "/rates")
    expect(answer.status_code == 200, f"200 for `{call}` by another agent", answer.status_code)
    note = "this one has read nothing restricted"
    step(treasurer, call, "allowed", answer.headers.get(DECISION_HEADER, ""), note)

    for cents, status, outcome in ((12000, 200, "allowed"), (900000, 403, "denied")):
        answer = await treasurer.request(
            "POST",
            SERVICES,
            "/payments/transfers",
            json={"amount": cents, "currency": "EUR"},
            headers={"x-agent-scopes": "payments.write"},
        )
        call = f"POST /payments/transfers of {cents // 100} EUR"
        expect(answer.status_code == status, f"{status} for `{call}`", answer.status_code)
        note = "" if status == 200 else f"the payments team's own policy: {answer.text}"
        step(treasurer, call, outcome, answer.headers.get(DECISION_HEADER, ""), note)


def print_step(step: Step) -> None:
    print(f"  {step.agent:<10} {step.did:<36} {step.outcome:<17} {step.decision_id}", flush=True)
    if step.note:
        print(f"  {'':<10} └ {step.note}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gateway", default=f"{SERVICES}:8443", help="HOST:PORT")
    parser.add_argument("--certificates", type=Path, required=True)
    options = parser.parse_args()
    try:
        asyncio.run(tell(Gateway(options.gateway, options.certificates), print_step))
    except StoryFailed as failure:
        sys.exit(f"story: {failure}")


if __name__ == "__main__":
    main()
