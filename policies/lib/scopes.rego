# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: Least privilege, request by request
# description: |
#   A request keeps a scope only when the agent's roles grant it and the thing it does needs it.
#   All others are stripped before the request goes upstream; the request itself goes through.
package lib.scopes

import data.lib.agents

# Scopes of the request that it must not keep, given those that its action needs.
excess(needed) := {scope |
	some scope in input.agent.scopes
	not keeps(scope, needed)
}

keeps(scope, needed) if {
	scope in agents.scopes
	scope in needed
}
