// SPDX-License-Identifier: Apache-2.0
import Authorization
import ExtAuthz
import RegoCompiler
import RegoVM
import TestSupport
import Testing

@testable import PDP
@testable import portcullis

/// A recorded CheckRequest as JSON gives the same `input` as the bytes that Envoy sent.
@Suite struct CheckFileTests {
    private func input(_ message: [UInt8]) throws -> String {
        let arena = Arena()
        defer { arena.destroy() }
        let context = AttributeContext()
        return try message.withUnsafeBytes { bytes in
            try CheckRequestReader.read(bytes, into: context)
            let output = try Compiler().compile([])
            let policy = Policy(
                program: output.program, data: .emptyObject, revision: "", owners: [output.owner])
            let input = CheckInput()
            input.bind(InputBinding(policy))
            input.begin(context)
            return input.whole(in: arena).description
        }
    }

    @Test func jsonAndBytesAreTheSame() throws {
        var compared = 0
        for name in try SharedFolder.list("fixtures/check") where name.hasSuffix(".check.json") {
            let json = try SharedFolder.read("fixtures/check/\(name)")
            let binary = try SharedFolder.read("fixtures/check/\(name.dropLast(4))bin")
            let encoded = try CheckFile.message(json, name: name)
            #expect(try CheckFile.message(binary, name: name) == binary)
            #expect(try input(encoded) == input(binary), "\(name)")
            compared += 1
        }
        #expect(compared > 10)
    }

    @Test(arguments: [
        (
            #"{"attributes": {"sorce": {}}}"#,
            "f: unknown field, did you mean `source`? for `attributes.sorce`"
        ),
        (#"{"attributes": 1}"#, "f: expected an object, got number for `attributes`"),
        (
            #"{"attributes": {"request": {"time": "now"}}}"#,
            "f: expected a time such as `2026-11-22T11:14:30.5Z`, got \"now\" "
                + "for `attributes.request.time`"
        ),
        ("{]}", "f: malformed JSON"),
    ])
    func refused(_ json: String, _ message: String) {
        #expect(throws: CheckFile.Malformed(description: message)) {
            try CheckFile.message(Array(json.utf8), name: "f")
        }
    }
}
