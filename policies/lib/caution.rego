# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: What an agent under suspicion may not do alone
# description: |
#   Detectors tell the server what they saw (a prompt injection, say). While such a signal holds,
#   the agent works on, but reading something restricted needs a person's approval, and sending
#   something to a host where it never was isolates it: that is what a hijacked agent does.
package lib.caution

# A detector said something that weighs enough: severity times confidence, of 10,000 at most.
suspected if {
	some signal in input.context.signals
	signal.kind in data.caution.signals
	signal.severity * signal.confidence >= data.caution.weight
}

# Why a person is asked.
approval := {
	"code": "approval_required",
	"message": "a detector suspects this agent: a person must approve reading this",
}

# The request carries something out, to a host where this agent was never allowed to go.
exfiltrates if {
	suspected
	input.attributes.request.http.method in {"POST", "PUT", "PATCH"}
	input.action.destination.first_seen
}

isolation := {
	"action": "isolate",
	"restrictions": [{"name": "isolate", "seconds": data.caution.seconds}],
	"reasons": [{
		"code": "suspected_exfiltration",
		"message": "a suspected agent sends data to an unfamiliar host: it is isolated",
	}],
}
