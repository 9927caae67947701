// SPDX-License-Identifier: Apache-2.0
import Yams

/// Writes values as go-yaml (version 2) does: blocks, keys in natural order, quotes only where a
/// plain scalar would be read as something else.
struct YAMLWriter {
    private let evaluation: Evaluation
    private var nodes = 0
    /// At least the bytes that the text will take.
    private var bytes = 0

    static func text(of value: Value, _ evaluation: Evaluation) throws(BuiltinError) -> Value {
        var writer = YAMLWriter(evaluation: evaluation)
        let node = try writer.node(value, depth: 0)
        do {
            var text = try serialize(node: node, indent: 2, width: 80, allowUnicode: true)
            // go-yaml does not mark the end of a document behind lines that are kept.
            if text.hasSuffix("\n...\n") { text.removeLast(4) }
            return evaluation.string(text)
        } catch {
            throw .failed("yaml: \(error)")
        }
    }

    private mutating func node(_ value: Value, depth: Int) throws(BuiltinError) -> Node {
        nodes += 1
        bytes += depth * 2 + value.count
        guard nodes <= Limits.yamlNodes, bytes <= Limits.stringBytes else {
            throw BuiltinError(.limit, "yaml document of more than \(Limits.yamlNodes) nodes")
        }
        switch value.kind {
        case .string: return try string(value)
        case .integer, .decimal: return .scalar(.init(number(value), .implicit, .plain))
        case .boolean: return .scalar(.init(value.isTrue ? "true" : "false", .implicit, .plain))
        case .array, .set:
            var elements: [Node] = []
            elements.reserveCapacity(value.count)
            for element in value.elements { elements.append(try node(element, depth: depth + 1)) }
            return .sequence(.init(elements, .implicit, .block))
        case .object: return try mapping(value, depth: depth)
        default: return .scalar(.init("null", .implicit, .plain))
        }
    }

    private mutating func mapping(_ object: Value, depth: Int) throws(BuiltinError) -> Node {
        var entries: [(key: Value, value: Value)] = []
        for index in 0..<object.count {
            let key = object.keys[index]
            entries.append(
                (
                    key.isString ? key : try JSONMarshal.compact(key, evaluation),
                    object.values[index]
                ))
        }
        entries.sort { NaturalOrder.isBefore($0.key.bytes, $1.key.bytes) }
        var pairs: [(Node, Node)] = []
        for (key, value) in entries {
            let name = try string(key)
            pairs.append((name, try node(value, depth: depth + 1)))
        }
        return .mapping(.init(pairs, .implicit, .block))
    }

    private func string(_ value: Value) throws(BuiltinError) -> Node {
        guard UTF8Text.isValid(value.bytes) else {
            let encoded = try Base64.encode(value, .standard, padded: true, evaluation)
            return .scalar(.init(encoded.asString ?? "", Tag(.binary), .plain))
        }
        let text = value.asString ?? ""
        if value.bytes.contains(0x0A) { return .scalar(.init(text, .implicit, .literal)) }
        var isPlain = false
        if case .string = YAMLScalar.resolve(text) {
            isPlain = !isBase60(value.bytes) && !isTimestamp(text)
        }
        return .scalar(.init(text, .implicit, isPlain ? .plain : .doubleQuoted))
    }

    /// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: a number with minutes and seconds to others.
    private func isBase60(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.contains(UInt8(ascii: ":")), let first = bytes.first,
            first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
                || (first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9"))
        else { return false }
        return String(decoding: bytes, as: UTF8.self).wholeMatch(
            of: /[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?/) != nil
    }

    /// A date, or a date with a time (`parseTimestamp` of go-yaml).
    private func isTimestamp(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count >= 8, bytes.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true,
            let match = text.wholeMatch(of: Self.timestamp),
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3)
        else { return false }
        func isBelow(_ bound: Int, _ text: Substring?) -> Bool {
            text.map { Int($0).map { $0 < bound } ?? false } ?? true
        }
        guard (1...12).contains(month), day >= 1,
            day <= CivilDate.days(inMonth: month, of: year)
        else { return false }
        guard let separator = match.4 else { return true }
        // Behind a blank there is no zone, behind a letter there must be one.
        return (separator == " ") == (match.8 == nil) && isBelow(24, match.5)
            && isBelow(60, match.6) && isBelow(60, match.7)
    }

    private typealias Timestamp = (
        Substring, Substring, Substring, Substring, Substring?, Substring?, Substring?, Substring?,
        Substring?
    )

    private static var timestamp: Regex<Timestamp> {
        #/
        (\d{4}) - (\d\d?) - (\d\d?)
        (?: ([Tt\ ]) (\d\d?) : (\d\d?) : (\d\d?) (?: \. \d+ )? (Z | [-+]\d\d:\d\d)? )?
        /#
    }

    private func number(_ value: Value) -> String {
        if let integer = value.asInteger { return String(integer) }
        let text = String(decoding: value.bytes, as: UTF8.self)
        if Number.isPlainInteger(value.bytes), UInt64(text) != nil { return text }
        let double = Number.double(value)
        return double.isFinite ? YAMLScalar.text(of: double) : text
    }
}

/// go-yaml's order of keys: letters before other characters, digits by the number they form.
enum NaturalOrder {
    static func isBefore(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
        let (left, right) = (scalars(a), scalars(b))
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            let (isLeftLetter, isRightLetter) = (isLetter(left[index]), isLetter(right[index]))
            if isLeftLetter && isRightLetter { return left[index] < right[index] }
            if isLeftLetter || isRightLetter { return isRightLetter }
            let base: Int64 = startsInsideNumber(left, right, index) ? 1 : 0
            let (leftNumber, leftEnd) = number(left, index, base)
            let (rightNumber, rightEnd) = number(right, index, base)
            if leftNumber != rightNumber { return leftNumber < rightNumber }
            if leftEnd != rightEnd { return leftEnd < rightEnd }
            return left[index] < right[index]
        }
        return left.count < right.count
    }

    private static func scalars(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt32] {
        var result: [UInt32] = []
        var index = 0
        while index < bytes.count {
            let (scalar, length) = Runes.decode(bytes, index)
            result.append(scalar)
            index += length
        }
        return result
    }

    /// A zero that differs counts as a digit of the number before it, if there is one.
    private static func startsInsideNumber(_ left: [UInt32], _ right: [UInt32], _ index: Int)
        -> Bool
    {
        guard left[index] == 0x30 || right[index] == 0x30 else { return false }
        for before in (0..<index).reversed() {
            guard isDigit(left[before]) else { return false }
            if left[before] != 0x30 { return true }
        }
        return false
    }

    private static func number(_ scalars: [UInt32], _ start: Int, _ base: Int64) -> (
        Int64, end: Int
    ) {
        var (number, index) = (base, start)
        while index < scalars.count, isDigit(scalars[index]) {
            number = number &* 10 &+ Int64(scalars[index] &- 0x30)
            index += 1
        }
        return (number, index)
    }

    private static func isDigit(_ scalar: UInt32) -> Bool { scalar >= 0x30 && scalar <= 0x39 }

    private static func isLetter(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return (scalar | 0x20) >= 0x61 && (scalar | 0x20) <= 0x7A }
        return Unicode.Scalar(scalar)?.properties.isAlphabetic ?? false
    }
}
