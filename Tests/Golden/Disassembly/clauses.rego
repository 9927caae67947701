package authz

default allow := false

allow if input.user == "root"
allow if {
	input.method in {"GET", "HEAD"}
	startswith(input.path, "/public/")
}
allow if {
	some role in data.roles[input.user]
	grants(role, input["the-path"])
}
allow if input.path == ["health"]

grants("reader", path) if startswith(path, "/read/")
grants("writer", path) if path != "/"
