// SPDX-License-Identifier: Apache-2.0
import CText

/// Strings that are not over after a few plain bytes (RFC 8259 section 7).
extension JSONReader {
    /// A string whose plain part goes on at `next`, if not its end.
    mutating func longString(
        _ cursor: UnsafePointer<UInt8>, from next: UnsafePointer<UInt8>,
        into slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        var next = next + text_plain_run(next, end - next)
        while next < end, next.pointee >= 0x80 {
            let width = text_sequence(next, end - next)
            guard width > 0 else { throw failure(.invalidUTF8, next) }
            next += Int(width)
            next += text_plain_run(next, end - next)
        }
        guard next < end else { throw failure(.unexpectedEnd, next) }
        let content = cursor + 1
        guard next.pointee == UInt8(ascii: "\"") else {
            guard next.pointee == UInt8(ascii: "\\") else { throw failure(.invalidString, next) }
            return try escapedString(content, plainTo: next, into: slot)
        }
        slot.pointee = string(UnsafeBufferPointer(start: content, count: next - content))
        return next + 1
    }

    private func string(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
        interner?.string(bytes) ?? .string(sharing: bytes)
    }

    /// A string with at least one escape: decoded in one pass.
    private mutating func escapedString(
        _ content: UnsafePointer<UInt8>, plainTo plain: UnsafePointer<UInt8>,
        into slot: UnsafeMutablePointer<Value>
    ) throws(Failure) -> UnsafePointer<UInt8> {
        let memory = roomForDecoding(content, plainTo: plain)
        var count = 0
        var next = content
        while true {
            let run = text_copy_plain(memory + count, next, end - next)
            count += run
            next += run
            guard next < end else { throw failure(.unexpectedEnd, next) }
            let byte = next.pointee
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                guard
                    let escape = JSONText.unescape(text, at: next - start, into: memory + count)
                else { throw failure(.invalidString, next) }
                next = start + escape.end
                count += escape.written
                continue
            }
            guard byte >= 0x80 else { throw failure(.invalidString, next) }
            let width = Int(text_sequence(next, end - next))
            guard width > 0 else { throw failure(.invalidUTF8, next) }
            (memory + count).update(from: next, count: width)
            next += width
            count += width
        }
        if interner == nil { decoded = memory + count }
        slot.pointee = string(UnsafeBufferPointer(start: UnsafePointer(memory), count: count))
        return next + 1
    }

    private mutating func roomForDecoding(
        _ content: UnsafePointer<UInt8>, plainTo plain: UnsafePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        guard interner != nil else {
            return decoded ?? arena.allocate(UInt8.self, count: end - content)
        }
        var next = plain
        while next < end, next.pointee != UInt8(ascii: "\"") {
            next += next.pointee == UInt8(ascii: "\\") ? 2 : 1
        }
        // `text_copy_plain` writes up to sixteen bytes beyond what is plain.
        let needed = next - content + 16
        if let decoded, needed <= decodedCapacity { return decoded }
        decodedCapacity = max(needed, decodedCapacity &* 2)
        let memory = arena.allocate(UInt8.self, count: decodedCapacity)
        decoded = memory
        return memory
    }
}
