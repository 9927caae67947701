// SPDX-License-Identifier: Apache-2.0
import Authorization
import Testing

@testable import ExtAuthz

/// The rules of the wire format, one by one.
@Suite struct ReaderTests {
    private func read<Result>(
        _ message: [UInt8], _ body: (AttributeContext) throws -> Result
    ) throws -> Result {
        let context = AttributeContext()
        return try message.withUnsafeBytes { bytes in
            try CheckRequestReader.read(bytes, into: context)
            return try body(context)
        }
    }

    private func failure(_ message: [UInt8]) -> CheckRequestError? {
        let context = AttributeContext()
        return message.withUnsafeBytes { bytes in
            do throws(CheckRequestError) {
                try CheckRequestReader.read(bytes, into: context)
                return nil
            } catch {
                #expect(!context.isPresent && context.headers.isEmpty && context.http == nil)
                return error
            }
        }
    }

    @Test func emptyMessageHasNoAttributes() throws {
        #expect(try read([]) { $0.isPresent } == false)
        #expect(try read([0x0A, 0]) { $0.isPresent })
    }

    @Test func skipsUnknownFields() throws {
        let unknown =
            Wire.number(99, 7) + Wire.text(98, "x") + Wire.varint(97 << 3 | 1) + [
                0, 0, 0, 0, 0, 0, 0, 0,
            ]
            + Wire.varint(96 << 3 | 5) + [0, 0, 0, 0]
        let message = Wire.http(unknown, Wire.text(2, "GET"), unknown)
        #expect(try read(message) { $0.http?.method.string } == "GET")
    }

    @Test func lastScalarWins() throws {
        let message = Wire.http(
            Wire.text(2, "GET"), Wire.text(2, "PUT"), Wire.number(9, 1), Wire.number(9, 2))
        #expect(try read(message) { $0.http?.method.string } == "PUT")
        #expect(try read(message) { $0.http?.size } == 2)
    }

    @Test func mergesMessages() throws {
        let message =
            Wire.http(Wire.text(2, "GET"), Wire.number(9, 106)) + Wire.http(Wire.text(4, "/a"))
        try read(message) { context in
            #expect(context.http?.method.string == "GET")
            #expect(context.http?.path.string == "/a")
            #expect(context.http?.size == 106)
        }
    }

    @Test func anotherMemberOfOneofReplaces() throws {
        let socket = Wire.message(1, Wire.text(2, "10.0.0.1"), Wire.number(3, 80))
        let pipe = Wire.message(2, Wire.text(1, "/run/a.sock"))
        let both = Wire.check(Wire.message(1, Wire.message(1, socket, pipe)))
        try read(both) { context in
            guard case .pipe(let path, 0) = context.source.address else {
                Issue.record("expected a pipe")
                return
            }
            #expect(path.string == "/run/a.sock")
        }
        let back = Wire.check(Wire.message(1, Wire.message(1, socket, pipe, Wire.message(1))))
        try read(back) { context in
            guard case .socket(let fresh) = context.source.address else {
                Issue.record("expected a socket")
                return
            }
            #expect(fresh.address.isEmpty)
        }
    }

    @Test func mapEntriesMayLackAPart() throws {
        let message = Wire.http(
            Wire.message(3, Wire.text(2, "value only")), Wire.message(3, Wire.text(1, "key only")),
            Wire.message(3))
        try read(message) { context in
            #expect(context.headers.count == 3)
            #expect(context.headers[0].name.isEmpty)
            #expect(context.headers[1].value.isEmpty)
        }
    }

    @Test func lastOfEqualKeysCounts() throws {
        let message = Wire.check(Wire.entry(10, "route", "a"), Wire.entry(10, "route", "b"))
        #expect(try read(message) { $0.contextExtension(Bytes("route"))?.string } == "b")
        let headers = Wire.http(Wire.entry(3, "x", "1"), Wire.entry(3, "x", "2"))
        #expect(try read(headers) { $0.header(Bytes("x"))?.string } == "2")
    }

    /// protobuf-c would end this principal at the NUL, and a rule for `root` would match it.
    @Test func keepsNUL() throws {
        let message = Wire.check(Wire.message(1, Wire.text(4, "spiffe://a/root\0.evil")))
        #expect(try read(message) { $0.source.principal.string } == "spiffe://a/root\0.evil")
        #expect(try read(message) { $0.source.principal.equals("spiffe://a/root") } == false)
    }

    @Test func narrowNumbersTakeLowBits() throws {
        let port = Wire.check(
            Wire.message(1, Wire.message(1, Wire.message(1, Wire.number(3, 1 << 32 | 80)))))
        try read(port) { context in
            guard case .socket(let socket) = context.source.address, case .value(80) = socket.port
            else {
                Issue.record("expected port 80")
                return
            }
        }
        let time = Wire.check(
            Wire.message(4, Wire.message(1, Wire.number(1, .max), Wire.number(2, .max))))
        #expect(try read(time) { $0.request?.time?.seconds } == -1)
        #expect(try read(time) { $0.request?.time?.nanos } == -1)
    }

    @Test func readsHeaderMap() throws {
        let message = Wire.http(
            Wire.message(
                13, Wire.message(1, Wire.text(1, "a"), Wire.bytes(3, [0xFF, 0])),
                Wire.message(1, Wire.text(1, "a"), Wire.text(2, "text"))))
        try read(message) { context in
            #expect(context.hasHeaderMap)
            #expect(context.headers.map(\.isRaw) == [true, false])
            #expect(Array(context.headers[0].value.buffer) == [0xFF, 0])
        }
    }

    @Test(
        "Each kind of bad message has its code and place",
        arguments: [
            ([0x0A, 5, 0], .truncated), ([0x0A], .truncated), ([0x0A, 0x80], .truncated),
            ([0x11, 0], .truncated), ([0x0D, 0], .wrongWireType), ([0x08, 1], .wrongWireType),
            ([UInt8](repeating: 0xFF, count: 10), .varintOverflow), ([0x00, 0], .invalidTag),
            ([0x16], .invalidTag), ([0x80, 0x80, 0x80, 0x80, 0x10, 0], .invalidTag),
            ([0x13], .group), ([0x14], .group),
        ] as [([UInt8], CheckRequestError.Code)])
    func refusesBadWire(field: [UInt8], code: CheckRequestError.Code) {
        #expect(failure(field) == CheckRequestError(code, 0))
        let unknown = Wire.number(77, 1)
        #expect(failure(unknown + field) == CheckRequestError(code, unknown.count))
    }

    @Test func refusesBadUTF8AndNamesThePlace() {
        let message = Wire.http(Wire.bytes(4, [0x2F, 0xC0, 0xAF]))
        #expect(failure(message) == CheckRequestError(.invalidUTF8, message.count - 2))
        for bad in [[0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0x80], [0xC3]]
            as [[UInt8]]
        {
            #expect(failure(Wire.http(Wire.bytes(4, bad)))?.code == .invalidUTF8)
            let late = Array("long ascii prefix".utf8) + bad
            #expect(failure(Wire.http(Wire.bytes(4, late)))?.code == .invalidUTF8)
        }
        #expect(failure(Wire.http(Wire.text(4, "/ü/€/😀/long enough for words"))) == nil)
        #expect(failure(Wire.http(Wire.bytes(12, [0xFF]))) == nil)
    }

    @Test func refusesTwoWaysOfGivingHeaders() {
        let both = Wire.http(Wire.entry(3, "a", "b"), Wire.message(13))
        #expect(failure(both)?.code == .ambiguousHeaders)
        let reversed = Wire.http(Wire.message(13), Wire.entry(3, "a", "b"))
        #expect(failure(reversed)?.code == .ambiguousHeaders)
        let values = Wire.http(
            Wire.message(13, Wire.message(1, Wire.text(2, "a"), Wire.bytes(3, [1]))))
        #expect(failure(values)?.code == .ambiguousHeaders)
    }

    @Test func boundsTables() {
        let entry = Wire.entry(10, "a", "b")
        let full = [UInt8]((0..<Limits.tableEntries).map { _ in entry }.joined())
        #expect(failure(Wire.check(full)) == nil)
        #expect(failure(Wire.check(full + entry))?.code == .tooManyEntries)
    }

    @Test func checksMetadata() {
        func metadata(_ value: [UInt8]) -> [UInt8] {
            Wire.check(Wire.message(11, Wire.message(1, Wire.text(1, "ns"), Wire.bytes(2, value))))
        }
        let leaf = Wire.message(1, Wire.text(1, "k"), Wire.message(2, Wire.text(3, "v")))
        #expect(failure(metadata(leaf)) == nil)
        #expect(failure(metadata([0x0A, 9]))?.code == .truncated)
        let twoValues = Wire.message(1, Wire.message(2, Wire.text(3, "v")), Wire.message(2))
        #expect(failure(metadata(twoValues))?.code == .repeatedMetadata)
        let twoKinds = Wire.message(1, Wire.message(2, Wire.text(3, "v"), Wire.number(4, 1)))
        #expect(failure(metadata(twoKinds))?.code == .repeatedMetadata)

        var nested = leaf
        for _ in 0..<60 { nested = Wire.message(1, Wire.message(2, Wire.bytes(5, nested))) }
        #expect(failure(metadata(nested))?.code == .tooDeep)
    }

    @Test func errorReadsAsASentence() {
        let text = CheckRequestError(.group, 12).description
        #expect(text == "expected no group at byte 12 of the check request (check_group)")
    }
}
