// SPDX-License-Identifier: Apache-2.0
import Authorization
import ExtAuthz
import RegoVM

@testable import PDP

/// A CheckRequest that has been read, with the memory it points into.
final class CheckedRequest {
    let context = AttributeContext()
    let arena = Arena()
    private let message: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) throws {
        message = .allocate(byteCount: max(bytes.count, 1), alignment: 8)
        message.copyBytes(from: bytes)
        try CheckRequestReader.read(
            UnsafeRawBufferPointer(rebasing: message[..<bytes.count]), into: context)
    }

    /// A request for `path` with these headers and body; with a host it is a POST.
    convenience init(
        path: String, host: String = "", headers: [(String, String)] = [], body: String = "",
        rawBody: [UInt8] = []
    ) throws {
        func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
            var length = content.count
            var bytes = [number << 3 | 2]
            while length >= 0x80 {
                bytes.append(UInt8(length & 0x7F) | 0x80)
                length >>= 7
            }
            return bytes + [UInt8(length)] + content
        }
        var http = field(4, Array(path.utf8))
        for (name, value) in headers {
            http += field(3, field(1, Array(name.utf8)) + field(2, Array(value.utf8)))
        }
        if !host.isEmpty { http = field(2, Array("POST".utf8)) + field(5, Array(host.utf8)) + http }
        http += field(11, Array(body.utf8)) + field(12, rawBody)
        try self.init(field(1, field(4, field(2, http))))
    }

    deinit {
        arena.destroy()
        message.deallocate()
    }

    func whole(rejectsDuplicateKeys: Bool = true) throws -> Value {
        let input = CheckInput(rejectsDuplicateKeys: rejectsDuplicateKeys)
        input.bind(InputBinding(paths: []))
        input.begin(context)
        let value = input.whole(in: arena)
        if let failure = input.failure { throw failure }
        return value
    }

    /// The value of one path of strings, read alone.
    func read(_ path: [String]) throws -> Value {
        let steps = path.map { arena.string($0) }
        let input = CheckInput()
        input.bind(InputBinding(paths: [steps]))
        input.begin(context)
        let value = input.value(at: 0, in: arena)
        if let failure = input.failure { throw failure }
        return value
    }

    func json(_ value: Value) -> String { value.isUndefined ? "undefined" : value.description }
}
