# SPDX-License-Identifier: Apache-2.0
# In the manner of OPA-Envoy's role-based example: users from a basic Authorization header.
package envoy.authz

default allow := false

allow if {
	some role in user_roles[user_name]
	some permission in role_permissions[role]
	permission.method == input.attributes.request.http.method
	permission.path == input.attributes.request.http.path
}

user_name := name if {
	[_, encoded] := split(input.attributes.request.http.headers.authorization, " ")
	[name, _] := split(base64url.decode(encoded), ":")
}

user_roles := {
	"alice": ["guest"],
	"bob": ["admin"],
}

role_permissions := {
	"guest": [{"method": "GET", "path": "/productpage"}],
	"admin": [
		{"method": "GET", "path": "/productpage"},
		{"method": "GET", "path": "/api/v1/products"},
	],
}
