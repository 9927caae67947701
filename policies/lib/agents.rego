# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: Agents and their roles
# description: |
#   Who is calling, as Envoy attests it: the SPIFFE ID of the certificate that the mTLS handshake
#   verified, never something that the request says about itself.
package lib.agents

# Roles of the calling agent; empty for an agent that the data does not list.
roles contains role if {
	input.agent.provenance == "attested"
	some role in data.agents[input.agent.id].roles
}

known if count(roles) > 0

# Tools that some role of the agent may call.
tools contains tool if {
	some role in roles
	some tool in data.roles[role].tools
}

# Scopes that some role of the agent may carry upstream.
scopes contains scope if {
	some role in roles
	some scope in data.roles[role].scopes
}
