// SPDX-License-Identifier: Apache-2.0

/// The policies of the engine benchmark: their shapes are those of the figures in the README.
struct PolicyCase {
    let name: String
    let policy: String
    let entrypoint: String
    let input: String
    var data = "{}"

    static func all() -> [PolicyCase] {
        [allowAlways, envoyRBAC] + [10, 1_000, 10_000].map(equality) + [10, 10_000].map(prefixes)
            + [dataRBAC()]
    }

    private static let allowAlways = PolicyCase(
        name: "allow always", policy: "package envoy.authz\n\ndefault allow := true\n",
        entrypoint: "envoy.authz.allow", input: checkInput)

    private static let checkInput = """
        {"attributes": {"request": {"http": {"method": "GET", "path": "/people", \
        "headers": {":method": "GET", ":path": "/people", "user-agent": "curl", "accept": "*/*", \
        "authorization": "Basic YWxpY2U6cGFzc3dvcmQ=", "x-request-id": "1"}}}}, \
        "parsed_path": ["people"], "parsed_query": {}}
        """

    /// The user from a Basic authorization header, two partial sets, a join of both.
    private static let envoyRBAC = PolicyCase(
        name: "Envoy RBAC",
        policy: """
            package envoy.authz

            import input.attributes.request.http as http_request

            default allow := false

            allow if {
            	some r in roles_for_user
            	r in required_roles
            }

            roles_for_user contains r if {
            	some r in user_roles[user_name]
            }

            required_roles contains r if {
            	some perm in role_perms[r]
            	perm.method == http_request.method
            	perm.path == http_request.path
            }

            user_name := parsed if {
            	[_, encoded] := split(http_request.headers.authorization, " ")
            	[parsed, _] := split(base64url.decode(encoded), ":")
            }

            user_roles := {"alice": ["guest"], "bob": ["admin"]}

            role_perms := {
            	"guest": [{"method": "GET", "path": "/people"}],
            	"admin": [
            		{"method": "GET", "path": "/people"},
            		{"method": "POST", "path": "/people"},
            	],
            }
            """,
        entrypoint: "envoy.authz.allow", input: checkInput)

    private static func equality(_ count: Int) -> PolicyCase {
        PolicyCase(
            name: "\(count) equality rules",
            policy: rules(count) { "input.path == \"/svc/\($0)\"" },
            entrypoint: "acl.allow", input: #"{"method": "GET", "path": "/svc/7", "user": "u7"}"#)
    }

    private static func prefixes(_ count: Int) -> PolicyCase {
        PolicyCase(
            name: "\(count) startswith rules",
            policy: rules(count) { "startswith(input.path, \"/svc/\($0)/\")" },
            entrypoint: "acl.allow", input: #"{"method": "GET", "path": "/svc/7/x", "user": "u7"}"#)
    }

    private static func rules(_ count: Int, _ test: (Int) -> String) -> String {
        var text = "package acl\n\ndefault allow := false\n\n"
        for index in 0..<count {
            text += """
                allow if {
                \tinput.method == "GET"
                \t\(test(index))
                \tinput.user == "u\(index % 50)"
                }


                """
        }
        return text
    }

    /// 10,000 users with 10 roles each, 2,000 roles with 20 permissions each: 3.4 MB.
    private static func dataRBAC() -> PolicyCase {
        var random = SplitMix(state: 7)
        var roles: [String] = []
        var last = ""
        for role in 0..<2_000 {
            let permissions = (0..<20).map { _ in
                last = #""action": "action\#(random.below(100))""#
                last += #", "resource": "resource\#(random.below(10_000))""#
                return "{\(last)}"
            }
            roles.append("\"role\(role)\": [\(permissions.joined(separator: ", "))]")
        }
        var users: [String] = []
        for user in 0..<10_000 {
            var names = (0..<10).map { _ in "\"role\(random.below(1_999))\"" }
            if user == 77 { names[9] = "\"role1999\"" }
            users.append("\"user\(user)\": [\(names.joined(separator: ", "))]")
        }
        return PolicyCase(
            name: "RBAC over data",
            policy: """
                package rbac

                default allow := false

                allow if {
                	some role in data.users[input.user]
                	some permission in data.roles[role]
                	permission.action == input.action
                	permission.resource == input.resource
                }
                """,
            entrypoint: "rbac.allow", input: "{\"user\": \"user77\", \(last)}",
            data: "{\"users\": {\(users.joined(separator: ", "))}, "
                + "\"roles\": {\(roles.joined(separator: ", "))}}")
    }
}

/// A small generator of repeatable numbers (Steele, Lea, Flood 2014).
struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed >> 31)) % bound
    }
}
