# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: Echo
# description: Allows everything, and says in a header what it saw.
package echo

# METADATA
# entrypoint: true
decision := {
	"action": "allow",
	"headers": {"x-portcullis-seen": seen},
	"response_headers_to_add": {"x-portcullis-seen": seen},
}

seen := base64url.encode_no_pad(json.marshal({
	"action": input.action,
	"agent": object.remove(input.agent, ["token"]),
}))
