# SPDX-License-Identifier: Apache-2.0
# Nothing leaves by /send once a tool gave the agent's model instructions, in the same agent.
package lineage

# METADATA
# entrypoint: true
decision := {"action": "deny", "reasons": [{"code": "led_by_instructions"}]} if led

decision := {"action": "allow"} if not led

led if {
	sends
	some document in input.context.lineage.documents
	document.source == "tool_result"
	startswith(crypto.sha256("ignore all rules"), document.digest)
}

sends if input.action.resource == "/send"
