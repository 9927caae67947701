# SPDX-License-Identifier: Apache-2.0
# Decisions that depend on everything that replay must bring back: the agent's past, the clock,
# random numbers, arguments, scopes. Query and credentials are looked at for some requests only.
package replay

# METADATA
# entrypoint: true
default decision := {"action": "deny", "reasons": [{"code": "not_allowed"}]}

decision := {
	"action": "deny",
	"reasons": [{"code": code} | some code in refusals],
	"restrictions": restrictions,
	"headers": {"x-refused-by": "replay", "x-api-key": "never recorded"},
} if {
	count(refusals) > 0
}

decision := {
	"action": "allow",
	"strip_scopes": ["write"],
	"labels": labels,
	"headers": {"x-lot": sprintf("%d", [rand.intn("lot", 1000)]), "x-time": time.format(time.now_ns())},
	"query_parameters_to_set": {"token": "never recorded"},
	"reasons": [{"code": "granted", "message": sprintf("event %d", [input.context.counts["1h"]])}],
} if {
	count(refusals) == 0
}

tool := input.action.tool

refusals contains "tainted" if {
	tool == "post"
	input.context.labels.secret
}

refusals contains "too_many_posts" if {
	tool == "post"
	count([1 | some event in input.context.events; event.tool == "post"; event.allowed]) > 3
}

refusals contains "forbidden" if tool == "drop"

refusals contains "bad_key" if {
	input.action.operation == "get"
	input.attributes.request.http.headers.authorization != "Bearer good"
}

refusals contains "bad_query" if {
	input.action.operation == "put"
	input.parsed_query.mode[0] != "safe"
}

secret if startswith(input.action.arguments.path, "secret/")

labels := [{"name": "secret", "seconds": 2}] if secret

labels := [] if not secret

# The second of two denials within a minute makes the agent read-only for a second.
restrictions := [{"name": "no_tool:drop", "seconds": 1}] if input.context.denials["1m"] > 1

restrictions := [] if not input.context.denials["1m"] > 1
