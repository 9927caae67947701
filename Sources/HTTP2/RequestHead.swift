// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The request headers that a call is judged by; all others are decoded, counted and dropped.
public enum HeaderField: Int {
    case method, path, contentType, te, timeout, encoding
    static let count = 6

    /// The field named by `name`, which HTTP/2 sends in lower case.
    @inline(__always)
    static func named(_ name: UnsafePointer<UInt8>, _ count: Int) -> HeaderField? {
        switch count {
        case 2: matches(name, "te") ? .te : nil
        case 5: matches(name, ":path") ? .path : nil
        case 7:
            // `:scheme` and `:method` come with every request.
            name[1] == UInt8(ascii: "m") && matches(name, ":method") ? .method : nil
        case 12:
            if matches(name, "content-type") {
                .contentType
            } else {
                matches(name, "grpc-timeout") ? .timeout : nil
            }
        case 13: matches(name, "grpc-encoding") ? .encoding : nil
        default: nil
        }
    }

    @inline(__always)
    private static func matches(_ name: UnsafePointer<UInt8>, _ literal: StaticString) -> Bool {
        memcmp(name, literal.utf8Start, literal.utf8CodeUnitCount) == 0
    }
}

/// What a request said in one header.
public enum HeaderValue {
    case absent
    /// Longer than anything that we could accept there.
    case overlong
    case text(UnsafeBufferPointer<UInt8>)

    public func equals(_ literal: StaticString) -> Bool {
        guard case .text(let text) = self else { return false }
        return text.equals(literal)
    }
}

extension UnsafeBufferPointer<UInt8> {
    func equals(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        guard let start = baseAddress else { return true }
        return memcmp(start, literal.utf8Start, count) == 0
    }
}

/// Header values of one request, copied into the stream's own memory; the first of each name.
struct RequestHead {
    private struct Slot {
        static let absent = UInt16.max
        static let overlong = UInt16.max - 1
        var offset: UInt16 = 0
        var count = absent
    }

    private var slots = [6 of Slot](repeating: Slot())
    /// Bytes of `memory` that hold values.
    private(set) var used = 0
    /// Bytes of the list by RFC 9113 section 10.5.1: name, value and 32 for each field.
    private(set) var listSize = 0

    /// Counts one field.
    mutating func count(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
    ) {
        listSize += name.count + value.count + 32
    }

    /// Counts one field, and keeps its value in `memory` when it is one of `HeaderField`.
    mutating func add(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>,
        memory: UnsafeMutablePointer<UInt8>
    ) {
        count(name, value)
        guard let start = name.baseAddress, let field = HeaderField.named(start, name.count),
            slots[field.rawValue].count == Slot.absent
        else { return }
        guard used + value.count <= SessionLimits.keptHeaderBytes else {
            slots[field.rawValue].count = Slot.overlong
            return
        }
        if let source = value.baseAddress { memcpy(memory + used, source, value.count) }
        slots[field.rawValue] = Slot(offset: UInt16(used), count: UInt16(value.count))
        used += value.count
    }

    func value(_ field: HeaderField, memory: UnsafeMutablePointer<UInt8>) -> HeaderValue {
        let slot = slots[field.rawValue]
        switch slot.count {
        case Slot.absent: return .absent
        case Slot.overlong: return .overlong
        default:
            return .text(
                UnsafeBufferPointer(start: memory + Int(slot.offset), count: Int(slot.count)))
        }
    }
}
