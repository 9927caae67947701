// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import RegoVM

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.",
        discussion: "portcullis version")

    func run() {
        Output.print(
            """
            \(Version.text)
            rego: OPA 1.20, v1 and v0, \(BuiltinTable.all.count) builtins
            envoy: ext_authz v3, gRPC

            """)
    }
}
