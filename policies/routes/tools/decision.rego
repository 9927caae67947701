# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: MCP tools
# description: |
#   Decides calls to the MCP server behind /mcp. Owner: the tools team. An agent calls the tools that
#   its roles name, with no more scopes than the tool needs; reading something restricted taints it.
package routes.tools

import data.lib.agents
import data.lib.caution
import data.lib.destinations
import data.lib.scopes
import data.lib.taint

# METADATA
# entrypoint: true
default decision := {
	"action": "deny",
	"reasons": [{"code": "not_allowed", "message": "no rule allows this request"}],
}

decision := {"action": "deny", "reasons": [reason | some reason in refusals]} if count(refusals) > 0

decision := {
	"action": "allow",
	"strip_scopes": scopes.excess(needed),
	"labels": labels,
} if {
	count(refusals) == 0
	permitted
	not needs_person
}

# With the approval it goes through as if it were allowed: with its label and fewer scopes.
decision := {
	"action": "require_approval",
	"reasons": [caution.approval],
	"strip_scopes": scopes.excess(needed),
	"labels": labels,
} if {
	count(refusals) == 0
	permitted
	needs_person
}

needs_person if {
	caution.suspected
	restricted
}

# Opening and closing the answer stream of a session has no JSON-RPC message.
permitted if input.attributes.request.http.method in {"GET", "DELETE"}

permitted if input.action.operation in data.mcp.open_operations

permitted if tool in agents.tools

# Undefined for everything that is not a tool call.
tool := input.action.tool if input.action.operation == "tools/call"

about := data.tools[tool]

resource := input.action.arguments[about.resource]

destination := input.action.arguments[about.destination]

needed := about.scopes

# Requests that call no tool need no scope.
needed := [] if not tool

restricted if taint.restricted(resource)

labels := [taint.label] if restricted

labels := [] if not restricted

refusals contains {"code": "unknown_agent", "message": "the caller is no agent of this mesh"} if {
	not agents.known
}

# The server could not be sure what the body says: truncated, compressed, duplicate keys, ...
refusals contains {"code": "uncertain_request", "message": "the body has no certain meaning"} if {
	input.attributes.request.http.method == "POST"
	not input.action.certain
}

refusals contains {"code": "tool_not_allowed", "message": message} if {
	tool
	not tool in agents.tools
	message := sprintf("this agent may not call `%s`", [tool])
}

# What cannot be matched against the restricted resources is not read.
refusals contains {"code": "bad_argument", "message": message} if {
	tool in agents.tools
	about.resource
	not named
	message := sprintf("`%s` expects a string as `%s`", [tool, about.resource])
}

# A tool that sends data out must say where: no destination, no call.
refusals contains {"code": "unknown_destination", "message": message} if {
	about.effect == "egress"
	not known_destination
	message := sprintf("`%s` may not send there", [tool])
}

refusals contains taint.refusal if {
	taint.tainted
	about.effect == "egress"
	not inside
}

named if is_string(resource)

inside if destinations.inside(destination)

known_destination if inside

known_destination if destinations.listed(destination)
