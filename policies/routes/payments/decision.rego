# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: Payments
# description: |
#   Decides requests to /payments. Owner: the payments team, who need nothing of the default route:
#   their Envoy route names this entrypoint.
package routes.payments

import data.lib.agents
import data.lib.scopes

# METADATA
# entrypoint: true
default decision := {
	"action": "deny",
	"http_status": 403,
	"reasons": [{"code": "not_allowed", "message": "no rule allows this request"}],
}

decision := {
	"action": "deny",
	"http_status": 403,
	"headers": {"content-type": "application/json"},
	"body": json.marshal({"errors": [reason.message | some reason in refusals]}),
	"reasons": [reason | some reason in refusals],
} if count(refusals) > 0

decision := {"action": "allow", "strip_scopes": scopes.excess(["payments.write"])} if {
	count(refusals) == 0
	permitted
}

permitted if {
	input.attributes.request.http.method == "GET"
	input.parsed_path[0] == "payments"
}

permitted if transfer

transfer if {
	input.attributes.request.http.method == "POST"
	input.parsed_path == ["payments", "transfers"]
}

refusals contains {"code": "not_a_payer", "message": "this agent may not use payments"} if {
	not "payer" in agents.roles
}

# The server could not be sure what the body says: truncated, compressed, duplicate keys, ...
refusals contains {"code": "uncertain_request", "message": "the body has no certain meaning"} if {
	input.attributes.request.http.method == "POST"
	not input.action.certain
}

refusals contains {"code": "bad_amount", "message": "amount must be a positive number of cents"} if {
	transfer
	not amount
}

refusals contains {"code": "over_limit", "message": message} if {
	transfer
	amount > data.payments.limit
	message := sprintf("%d cents are over the limit of %d", [amount, data.payments.limit])
}

refusals contains {"code": "bad_currency", "message": "currency is not accepted"} if {
	transfer
	not accepted
}

accepted if input.parsed_body.currency in data.payments.currencies

# A rule over the past: the server counts each agent's requests.
refusals contains {"code": "too_many_requests", "message": "too many requests in an hour"} if {
	transfer
	input.context.counts["1h"] > data.payments.requests_per_hour
}

amount := input.parsed_body.amount if {
	is_number(input.parsed_body.amount)
	input.parsed_body.amount > 0
}
