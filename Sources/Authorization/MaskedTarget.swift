// SPDX-License-Identifier: Apache-2.0
import CText
import Glibc

/// A request target without its fragment and with every value of its query masked, in parts:
/// `/a?token=x&b` is `/a?token=*&*`.
///
/// A parameter without `=` is masked whole: it may be the secret itself. For a record, who is named
/// before a host goes too (RFC 3986 section 3.2.1): `postgres://app:secret@db/x` is
/// `postgres://*@db/x`.
public struct MaskedTarget {
    private let target: Bytes
    private var place: Int
    private var isInQuery: Bool
    private var isAtValue = false
    /// Of the userinfo that comes next; nil for none.
    private var userinfo: Range<Int>?

    /// Whether anything of a path or URL may be masked or left out of a record: not without `?`,
    /// `#` and userinfo.
    public static func changes(_ target: Bytes) -> Bool {
        guard let start = target.start else { return false }
        let length = target.count
        if text_find_either(start, length, UInt8(ascii: "?"), UInt8(ascii: "#")) < length {
            return true
        }
        return userinfo(in: target, from: 0) != nil
    }

    /// - Parameters:
    ///   - target: a path or URL, perhaps with a query and a fragment.
    ///   - hidesUserinfo: for a record.
    public init(_ target: Bytes, hidesUserinfo: Bool = false) {
        place = 0
        isInQuery = false
        if hidesUserinfo { userinfo = Self.userinfo(in: target, from: 0) }
        var end = target.count
        if let fragment = Self.find(0x23, in: target, from: 0) {
            end = fragment
            if let userinfo, userinfo.contains(fragment) {
                // A secret that should have been escaped.
                end =
                    Self.find(0x23, in: target, from: userinfo.upperBound)
                    ?? target.count
            }
        }
        self.target = target[0..<end]
        if let userinfo, userinfo.upperBound > end { self.userinfo = nil }
    }

    /// - Parameter query: what stands behind a `?`, or a form's body.
    public init(query: Bytes) {
        target = query
        place = 0
        isInQuery = true
    }

    /// The next part, to be written as it is; nil at the end.
    public mutating func next() -> Bytes? {
        guard place < target.count else { return nil }
        guard isInQuery else { return nextOfPath() }
        if target[place] == UInt8(ascii: "&") {
            isAtValue = false
            place += 1
            return Bytes("&")
        }
        if !isAtValue, let name = name() { return name }
        isAtValue = false
        while place < target.count, target[place] != UInt8(ascii: "&") { place += 1 }
        return Bytes("*")
    }

    /// What comes before the query, which begins after a `?`.
    private mutating func nextOfPath() -> Bytes {
        if let userinfo, userinfo.lowerBound == place {
            place = userinfo.upperBound
            self.userinfo = Self.userinfo(in: target, from: place)
            return Bytes("*")
        }
        let start = place
        let end = userinfo?.lowerBound ?? target.count
        while place < end {
            place += 1
            if target[place - 1] == UInt8(ascii: "?") {
                isInQuery = true
                break
            }
        }
        return target[start..<place]
    }

    /// What stands between `://` and `@` of the first URL that names somebody.
    ///
    /// A secret may hold a `/`, `?` or `#` that should have been escaped: where what follows the
    /// last `:` of an authority is no port, the userinfo goes on to the target's last `@`.
    private static func userinfo(in target: Bytes, from: Int) -> Range<Int>? {
        guard find(0x40, in: target, from: from) != nil else { return nil }
        var place = from
        while let colon = find(0x3A, in: target, from: place) {
            place = colon + 1
            guard place + 1 < target.count, target[place] == UInt8(ascii: "/"),
                target[place + 1] == UInt8(ascii: "/")
            else { continue }
            place += 2
            let begin = place
            var at: Int?
            var isPort = true
            while place < target.count, !endsAuthority(target[place]) {
                switch target[place] {
                case UInt8(ascii: "@"): at = place
                case UInt8(ascii: ":"): isPort = true
                case 0x30...0x39: break
                default: isPort = false
                }
                place += 1
            }
            let hasPort = find(0x3A, in: target[begin..<place], from: 0) != nil
            if at == nil, hasPort, !isPort, target[begin] != UInt8(ascii: "[") {
                at = target.buffer[place...].lastIndex(of: UInt8(ascii: "@"))
            }
            if let at, at > begin { return begin..<at }
        }
        return nil
    }

    private static func find(_ byte: Int32, in text: Bytes, from: Int) -> Int? {
        guard let start = text.start, from < text.count,
            let found = memchr(start + from, byte, text.count - from)
        else { return nil }
        return UnsafeRawPointer(start).distance(to: UnsafeRawPointer(found))
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// A parameter's name with its `=`; nil when it has none.
    private mutating func name() -> Bytes? {
        var end = place
        while end < target.count, target[end] != UInt8(ascii: "&") {
            end += 1
            guard target[end - 1] == UInt8(ascii: "=") else { continue }
            let name = target[place..<end]
            place = end
            isAtValue = true
            return name
        }
        return nil
    }
}
