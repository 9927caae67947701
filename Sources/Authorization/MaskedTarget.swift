// SPDX-License-Identifier: Apache-2.0
import CText

/// A request target without its fragment and with every value of its query masked, in parts:
/// `/a?token=x&b` is `/a?token=*&*`.
///
/// A parameter without `=` is masked whole: it may be the secret itself.
public struct MaskedTarget {
    private let target: Bytes
    private var place: Int
    private var isInQuery: Bool
    private var isAtValue = false

    /// Whether anything of a path or URL may be masked or left out: not without `?` and `#`.
    public static func changes(_ target: Bytes) -> Bool {
        guard let start = target.start else { return false }
        return text_find_either(start, target.count, UInt8(ascii: "?"), UInt8(ascii: "#"))
            < target.count
    }

    /// - Parameter target: a path or URL, perhaps with a query and a fragment.
    public init(_ target: Bytes) {
        self.target =
            target.buffer.firstIndex(of: UInt8(ascii: "#")).map { target[0..<$0] }
            ?? target
        place = 0
        isInQuery = false
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
        guard isInQuery else {
            isInQuery = true
            return take(through: UInt8(ascii: "?"))
        }
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

    private mutating func take(through byte: UInt8) -> Bytes {
        let start = place
        while place < target.count {
            place += 1
            if target[place - 1] == byte { break }
        }
        return target[start..<place]
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
