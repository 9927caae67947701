# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: Ten signals, one number
# description: |
#   Each signal is a share from 0 (nothing speaks against the request) to 1. It gives that share of
#   its weight (policies/risk/data.yaml) in points, rounded; the points add up to the risk, at most
#   100. A signal whose input is missing gives all of its points, unless its comment says otherwise.
package lib.risk

import data.lib.agents
import data.lib.classification
import data.lib.destinations

# 0 to 100.
risk := min([100, sum([points | some points in signals])])

# How many points each signal gives.
signals := {
	"identity": points("identity", identity),
	"permissions": points("permissions", permissions),
	"prompt": points("prompt", prompt),
	"tool": points("tool", tool),
	"destination": points("destination", destination),
	"history": points("history", history),
	"data": points("data", sensitivity),
	"threat": points("threat", threat),
	"approvals": points("approvals", approvals),
	"confidence": points("confidence", confidence),
}

points(name, share) := round(share * data.risk.weights[name])

# What the risk asks for, mildest first.
action := "allow" if risk < data.risk.thresholds.require_approval

action := "require_approval" if {
	risk >= data.risk.thresholds.require_approval
	risk < data.risk.thresholds.restrict
}

action := "restrict" if {
	risk >= data.risk.thresholds.restrict
	risk < data.risk.thresholds.isolate
}

action := "isolate" if risk >= data.risk.thresholds.isolate

# Why, for the list of reasons.
reason := {
	"code": sprintf("risk_%s", [action]),
	"message": sprintf("the risk of this request is %d of 100", [risk]),
}

# 1. Identity: is the caller an agent that we know, and who says so?
default identity := 1

identity := data.risk.identity.listed if agents.known

identity := data.risk.identity.attested if {
	not agents.known
	input.agent.provenance == "attested"
}

identity := data.risk.identity.claimed if input.agent.provenance == "claimed"

identity := data.risk.identity.absent if input.agent.provenance == "absent"

# 2. Permissions: may its roles do this, and does it carry more than they grant?
default permissions := 1

permissions := data.risk.permissions.not_granted if not granted

permissions := data.risk.permissions.excess_scopes if {
	granted
	count(excess) > 0
}

permissions := data.risk.permissions.granted if {
	granted
	count(excess) == 0
}

granted if classification.tool in agents.tools

granted if {
	classification.tool == ""
	agents.known
}

excess := {scope | some scope in input.agent.scopes; not scope in agents.scopes}

# 3. Prompt context: what was the agent told? Detectors of injected instructions, phrases of threat
# lists in what the model is given, and documents that are sensitive. 0 when nothing is known.
prompt := max([share | some share in prompt_shares])

prompt_shares contains 0

prompt_shares contains said(signal) if {
	some signal in input.context.signals
	signal.kind in data.risk.prompt.kinds
}

prompt_shares contains entry.severity / 100 if some entry in input.threat.prompt

prompt_shares contains entry.severity / 100 if some entry in input.threat.documents

prompt_shares contains data.risk.prompt.documents[document.sensitivity] if {
	some document in classification.documents
}

# 4. Tool: what does the request do to the world?
default tool := 1

tool := data.risk.effects[classification.effect]

# 5. Destination: does data leave, and to somebody whom this agent knows?
default destination := 1

destination := data.risk.destinations.inside if inside

destination := data.risk.destinations.listed if {
	not inside
	destinations.listed(host)
}

destination := data.risk.destinations.seen if {
	not inside
	not destinations.listed(host)
	seen
}

destination := data.risk.destinations.unfamiliar if {
	host
	not inside
	not destinations.listed(host)
	not seen
}

# Where data goes: where the tool's argument says, else where the request goes.
host := argued

host := input.action.destination.host if not argued

argued := input.action.arguments[data.tools[classification.tool].destination]

inside if destinations.inside(host)

inside if {
	host == input.action.destination.host
	input.action.destination.internal
}

# The context knows destinations for longer than it keeps events.
seen if {
	host == input.action.destination.host
	input.action.destination.first_seen == false
}

seen if {
	some event in input.context.events
	event.allowed
	event.destination == host
}

# 6. History: how did this agent behave? Denials, its pace, labels, what detectors say of it, its
# reputation, how unusual the call is beside what it usually does, and how long it is known. 0 where
# no context is kept.
history := min([1, max([share | some share in history_shares])])

history_shares contains 0

history_shares contains input.context.denials["10m"] / input.context.counts["10m"] if {
	input.context.counts["10m"] >= data.risk.history.requests_for_denials
}

history_shares contains input.context.counts["1m"] / data.risk.history.requests_per_minute

history_shares contains data.risk.history.labelled if count(input.context.labels) > 0

history_shares contains said(signal) if {
	some signal in input.context.signals
	not signal.kind in data.risk.prompt.kinds
}

# Worse than what a stranger starts with (50) counts, the more the worse.
history_shares contains 1 - (input.context.reputation / data.risk.history.reputation) if {
	input.context.reputation < data.risk.history.reputation
}

# There is a number once the agent's profile is settled.
history_shares contains (data.risk.history.unusual * input.context.profile.unusual) / 100

history_shares contains data.risk.history.newcomer if newcomer

newcomer if input.context.known == false

newcomer if {
	age := (time.now_ns() / 1000000000) - input.context.first_seen
	age < data.risk.history.newcomer_seconds
}

# What a detector says, as it is sure of it.
said(signal) := (signal.severity * signal.confidence) / 10000

# 7. Data: how sensitive is what the request touches?
default sensitivity := 1

sensitivity := data.risk.classes[classification.class]

# 8. Threat intelligence: do threat lists name any part of the request? 0 without threat lists. What
# was not searched may hold anything.
default threat := 0

threat := input.threat.severity / 100 if not input.threat.truncated

threat := 1 if input.threat.truncated

# 9. Approval history: how often did people refuse what this agent asked for? 0 while it never asked.
default approvals := 0

approvals := (data.risk.approvals.refused * input.context.approvals.denied) / decided if decided > 0

decided := input.context.approvals.denied + input.context.approvals.granted

# 10. Confidence: is it certain what the request says, and is the agent sure of itself? The agent's
# own word is a claim: a low one raises the risk, a high one never lowers it.
default confidence := 1

confidence := max([0, 1 - input.prompt.confidence.value]) if input.action.certain

confidence := 0 if {
	input.action.certain
	not input.prompt.confidence
}
