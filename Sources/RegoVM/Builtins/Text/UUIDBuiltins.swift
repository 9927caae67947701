// SPDX-License-Identifier: Apache-2.0

/// `uuid.*` and `rand.intn`
enum UUIDBuiltins {
    static let all: [Builtin] = [
        Builtin("uuid.rfc4122", "string -> string", .nondeterministic) { evaluation, operands in
            random(operands[0], evaluation)
        },
        Builtin("uuid.parse", "string -> object[string: any]") {
            evaluation, operands throws(BuiltinError) in
            guard let bytes = UUIDText.parse(Array(try operands.string(0).bytes)) else {
                return .undefined
            }
            return describe(bytes, evaluation)
        },
        Builtin("rand.intn", "string, number -> number", .nondeterministic) {
            evaluation, operands throws(BuiltinError) in
            _ = try operands.string(0)
            let bound = UInt64(try operands.integer(1).magnitude)
            guard bound > 0 else { return .integer(0 as Int64) }
            let random = SeededBytes(
                evaluation, "rand.intn", [operands[0], .integer(Int64(clamping: bound))])
            return .integer(Int64(random.word % bound))
        },
    ]

    /// A version 4 UUID that depends on the decision's seed and the operand.
    private static func random(_ operand: Value, _ evaluation: Evaluation) -> Value {
        var bytes = Array(SeededBytes(evaluation, "uuid.rfc4122", [operand]).bytes.prefix(16))
        bytes[8] = bytes[8] & 0x3F | 0x80
        bytes[6] = bytes[6] & 0x0F | 0x40
        let groups = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10...]]
        return evaluation.string(groups.map { GoText.hexadecimal($0) }.joined(separator: "-"))
    }

    private static func describe(_ uuid: [UInt8], _ evaluation: Evaluation) -> Value {
        let object = CollectionBuilder.object(in: evaluation.arena, capacity: 8)
        let version = Int(uuid[6] >> 4)
        object.insert("version", .integer(version))
        object.insert("variant", evaluation.string(variant(uuid[8])))
        guard version == 1 || version == 2 else { return object.finish() }
        object.insert("time", .integer(UUIDText.nanosecondsSince1970(uuid)))
        let node = uuid[10...].map { GoText.hexadecimal([$0]) }.joined(separator: "-")
        object.insert("nodeid", evaluation.string(node))
        let scope = uuid[10] & 2 != 0 ? "local" : "global"
        let reach = uuid[10] & 1 != 0 ? "multicast" : "unicast"
        object.insert("macvariables", evaluation.string("\(scope):\(reach)"))
        object.insert("clocksequence", .integer(Int(uuid[8] & 0x3F) << 8 | Int(uuid[9])))
        if version == 2 {
            object.insert("id", .integer(uuid[0..<4].reduce(0) { $0 << 8 | Int($1) }))
            object.insert("domain", evaluation.string(domain(uuid[9])))
        }
        return object.finish()
    }

    private static func variant(_ byte: UInt8) -> String {
        switch byte >> 5 {
        case 4, 5: "RFC4122"
        case 6: "Microsoft"
        case 7: "Future"
        default: "Reserved"
        }
    }

    private static func domain(_ byte: UInt8) -> String {
        switch byte {
        case 0: "Person"
        case 1: "Group"
        case 2: "Org"
        default: "Domain\(byte)"
        }
    }
}

/// UUIDs (RFC 9562) in the text forms that Go's google/uuid reads.
enum UUIDText {
    /// 100-nanosecond steps from 1582-10-15 to 1970-01-01.
    private static let stepsTo1970: Int64 = 122_192_928_000_000_000

    /// 16 bytes; nil when `text` is no UUID.
    static func parse(_ text: [UInt8]) -> [UInt8]? {
        var text = ArraySlice(text)
        switch text.count {
        case 32: return bytes(text)
        case 36: break
        case 38: text = text.dropFirst().dropLast()
        case 45:
            let prefix = String(decoding: text.prefix(9), as: UTF8.self)
            guard prefix.lowercased() == "urn:uuid:" else { return nil }
            text = text.dropFirst(9)
        default: return nil
        }
        var digits: [UInt8] = []
        for (index, byte) in text.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                digits.append(byte)
            }
        }
        return bytes(ArraySlice(digits))
    }

    private static func bytes(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        GoText.bytes(hexadecimal: digits)
    }

    /// The time of a version 1 or 2 UUID.
    static func nanosecondsSince1970(_ uuid: [UInt8]) -> Int64 {
        let low = uuid[0..<4].reduce(0 as Int64) { $0 << 8 | Int64($1) }
        let middle = uuid[4..<6].reduce(0 as Int64) { $0 << 8 | Int64($1) }
        let high = uuid[6..<8].reduce(0 as Int64) { $0 << 8 | Int64($1) } & 0xFFF
        let steps = (low | middle << 32 | high << 48) - stepsTo1970
        return steps &* 100
    }
}

/// 32 bytes that depend on the decision's seed and on operands: the same throughout a decision.
struct SeededBytes {
    let bytes: [UInt8]

    init(_ evaluation: Evaluation, _ purpose: StaticString, _ operands: [Value]) {
        var text = ByteBuilder(evaluation.arena, capacity: 128)
        text.append(Int64(bitPattern: evaluation.seed))
        text.append(purpose)
        for operand in operands {
            text.append(UInt8(ascii: ","))
            JSONWriter.append(operand, to: &text)
        }
        bytes = Digest.sha256.hash(text.bytes)
    }

    var word: UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
