# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: What an agent has read limits where it may talk
# description: |
#   Reading something restricted puts a label on the agent's context for a while; as long as the
#   label lives, calls to outside destinations are refused. No single request shows the problem:
#   the read is fine and the call is fine, only their order is not. So the rule needs
#   input.context, which the server keeps for each agent.
package lib.taint

# True for a path of a resource that the data calls restricted.
restricted(path) if {
	some prefix in data.restricted.prefixes
	startswith(normalised(path), prefix)
}

# A path that climbs could name a restricted resource in a way that no prefix matches.
restricted(path) if contains(path, "..")

# The same resource, whatever way its path begins: "/payroll/x" and "./payroll/x" are "payroll/x".
normalised(path) := trim_left(lower(path), "./")

# What a read of something restricted adds to the decision.
label := {"name": data.restricted.label, "seconds": data.restricted.seconds}

# The agent carries the label now. The server drops a label when it expires.
tainted if input.context.labels[data.restricted.label]

# The refusal of an outside call, for the list of reasons.
refusal := {
	"code": "egress_after_restricted_read",
	"message": sprintf("this agent carries the label `%s`: no calls outside", [data.restricted.label]),
}
