// SPDX-License-Identifier: Apache-2.0

/// `crypto.md5`, `crypto.sha1`, `crypto.sha256`, `crypto.hmac.*`
enum HashBuiltins {
    static let all: [Builtin] = [
        hash("crypto.md5", .md5),
        hash("crypto.sha1", .sha1),
        hash("crypto.sha256", .sha256),
        authentication("crypto.hmac.md5", .md5),
        authentication("crypto.hmac.sha1", .sha1),
        authentication("crypto.hmac.sha256", .sha256),
        authentication("crypto.hmac.sha512", .sha512),
        Builtin("crypto.hmac.equal", "string, string -> boolean") {
            _, operands throws(BuiltinError) in
            .boolean(
                equalInConstantTime(try operands.string(0).bytes, try operands.string(1).bytes))
        },
    ]

    private static func hash(_ name: String, _ digest: Digest) -> Builtin {
        Builtin(name, "string -> string") { evaluation, operands throws(BuiltinError) in
            evaluation.string(GoText.hexadecimal(digest.hash(try operands.string(0).bytes)))
        }
    }

    private static func authentication(_ name: String, _ digest: Digest) -> Builtin {
        Builtin(name, "string, string -> string") { evaluation, operands throws(BuiltinError) in
            let message = try operands.string(0).bytes
            let key = try operands.string(1).bytes
            return evaluation.string(GoText.hexadecimal(digest.authenticate(message, key: key)))
        }
    }
}
