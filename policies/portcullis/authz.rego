# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: The default route
# description: |
#   Decides every request whose Envoy route names no entrypoint of its own: calls of agents to other
#   hosts through the gateway. Owner: the platform team. Routes with an owner of their own lie in
#   policies/routes. What no rule refuses is allowed, given to a person, or worse, as its risk says.
package portcullis.authz

import data.lib.agents
import data.lib.caution
import data.lib.destinations
import data.lib.risk
import data.lib.scopes
import data.lib.taint

# METADATA
# entrypoint: true
default decision := {
	"action": "deny",
	"reasons": [{"code": "not_allowed", "message": "no rule allows this request"}],
}

decision := caution.isolation if isolates

decision := {"action": "deny", "reasons": [reason | some reason in refusals]} if {
	count(refusals) > 0
	not isolates
}

# An outside host never needs the organisation's own scopes: all of them are stripped.
decision := {
	"action": "allow",
	"strip_scopes": scopes.excess(needed),
	"risk": risk.risk,
	"signals": risk.signals,
} if {
	count(refusals) == 0
	reachable
	not isolates
	risk.action == "allow"
}

isolates if {
	caution.exfiltrates
	not inside
}

decision := {
	"action": risk.action,
	"strip_scopes": scopes.excess(needed),
	"risk": risk.risk,
	"signals": risk.signals,
	"reasons": [risk.reason],
	"restrictions": restrictions,
} if {
	count(refusals) == 0
	reachable
	not isolates
	risk.action != "allow"
}

restrictions := data.risk.restrictions if risk.action == "restrict"

restrictions := [] if risk.action != "restrict"

host := input.action.destination.host

inside if destinations.inside(host)

needed := agents.scopes if inside

needed := set() if not inside

reachable if inside

reachable if destinations.listed(host)

refusals contains {"code": "unknown_agent", "message": "the caller is no agent of this mesh"} if {
	not agents.known
}

refusals contains {"code": "unknown_destination", "message": message} if {
	not reachable
	message := sprintf("agents may not call `%s`", [host])
}

refusals contains taint.refusal if {
	taint.tainted
	not inside
}
