# SPDX-License-Identifier: Apache-2.0
# The tools route, but refused when any threat list says anything of the request.
package bench.threat

# METADATA
# entrypoint: true
decision := {
	"action": "deny",
	"reasons": [{"code": "listed", "message": "a threat list names this"}],
} if {
	input.threat.severity > 0
} else := data.routes.tools.decision
