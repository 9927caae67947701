// SPDX-License-Identifier: Apache-2.0
import RegoVM
import Testing

@testable import PDP

@Suite struct MultipartTests {
    private func parse(_ body: String, type: String = "multipart/form-data; boundary=b") throws
        -> String
    {
        let text = body.replacing("\n", with: "\r\n")
        let request = try CheckedRequest(path: "/", headers: [("content-type", type)], body: text)
        return request.json(try request.read(["parsed_body"]))
    }

    private func part(_ name: String, _ content: String, _ headers: String = "") -> String {
        "--b\nContent-Disposition: form-data; name=\"\(name)\"\n\(headers)\n\(content)\n"
    }

    @Test func partsBecomeLists() throws {
        let body = part("a", "1") + part("b", "2") + part("a", "3\nx") + "--b--\n"
        #expect(try parse(body) == #"{"a":["1","3\r\nx"],"b":["2"]}"#)
    }

    @Test func jsonPartsAreParsed() throws {
        let body =
            part("a", #"{"x":1}"#, "content-type: application/json\n") + part("a", "{}") + "--b--"
        #expect(try parse(body) == #"{"a":[{"x":1},"{}"]}"#)
        #expect(throws: InputFailure.self) {
            try parse(part("a", "{", "Content-Type: application/json\n") + "--b--")
        }
    }

    @Test func preambleEpilogueAndNamelessPartsAreSkipped() throws {
        let nameless = "--b\nX: y\n\nz\n--b\nContent-Disposition: attachment; name=c\n\nz\n"
        #expect(
            try parse("preamble\n" + nameless + part("a", "1") + "--b--\nepilogue")
                == #"{"a":["1"]}"#)
    }

    @Test func emptyPartsAndForms() throws {
        #expect(
            try parse("--b\nContent-Disposition: form-data; name=a\n\n\n--b--") == #"{"a":[""]}"#)
        #expect(try parse("--b\nContent-Disposition: form-data; name=a\n\n--b--") == #"{"a":[""]}"#)
        #expect(try parse("--b--") == "{}")
    }

    @Test func boundariesMayBeQuoted() throws {
        let type = #"multipart/form-data; charset=utf-8; Boundary="b c""#
        #expect(
            try parse("--b c\nContent-Disposition: form-data; name=a\n\n1\n--b c--", type: type)
                == #"{"a":["1"]}"#)
        #expect(try parse("x", type: "multipart/form-data; boundary=") == "null")
    }

    @Test(arguments: [
        "", "--b", "--b\n", "--b\nContent-Disposition: form-data; name=a\n",
        "--b\nno colon\n\nx\n--b--",
        "--b\n\nx", "--bx\n\nx\n--b--", "--b\n\nx\n--bad",
        "--b\nContent-Transfer-Encoding: base64\n\neA==\n--b--",
    ])
    func refusesBrokenBodies(body: String) throws {
        if body.isEmpty {
            #expect(try parse(body) == "null")
            return
        }
        #expect(throws: InputFailure.self) { try parse(body) }
    }
}
