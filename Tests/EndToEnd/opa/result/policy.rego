# SPDX-License-Identifier: Apache-2.0
# An object as the answer, with every key of OPA-Envoy's contract.
package envoy.authz

default result := {"allowed": false}

result := {
	"allowed": true,
	"headers": {"x-user": "ada", "x-replaced": "by policy"},
	"request_headers_to_remove": ["x-secret"],
	"response_headers_to_add": {"x-answered": "yes"},
	"query_parameters_to_set": {"page": "2 & 3"},
	"query_parameters_to_remove": ["debug"],
	"dynamic_metadata": {"team": "red", "budget": 5},
} if {
	input.parsed_path[0] == "allowed"
}

result := {
	"allowed": false,
	"http_status": 429,
	"headers": {"retry-after": "3", "content-type": "application/json"},
	"body": json.marshal({"slow": "down"}),
} if {
	input.parsed_path[0] == "busy"
}

result := {
	"allowed": false,
	"http_status": 302,
	"headers": [{"location": "https://login.example/"}, {"set-cookie": ["a=1", "b=2"]}],
} if {
	input.parsed_path[0] == "login"
}
