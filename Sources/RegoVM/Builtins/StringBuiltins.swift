// SPDX-License-Identifier: Apache-2.0

/// Looking into strings and cutting them. Results share the bytes of the operands.
enum StringBuiltins {
    private static let names = "any<string, array[string], set[string]>"

    static let all: [Builtin] = tests + places + parts + trims

    private static let tests: [Builtin] = [
        Builtin("startswith", "string, string -> boolean") { _, operands throws(BuiltinError) in
            try .boolean(operands.string(0).hasPrefix(operands.string(1)))
        },
        Builtin("endswith", "string, string -> boolean") { _, operands throws(BuiltinError) in
            try .boolean(operands.string(0).hasSuffix(operands.string(1)))
        },
        Builtin("contains", "string, string -> boolean") {
            evaluation, operands throws(BuiltinError) in
            let (text, needle) = try (operands.string(0), operands.string(1))
            return try .boolean(ByteSearch(needle.bytes, evaluation).find(in: text.bytes) >= 0)
        },
        Builtin("strings.any_prefix_match", "\(names), \(names) -> boolean") {
            evaluation, operands throws(BuiltinError) in
            try AffixMatch.any(operands, isSuffix: false, evaluation)
        },
        Builtin("strings.any_suffix_match", "\(names), \(names) -> boolean") {
            evaluation, operands throws(BuiltinError) in
            try AffixMatch.any(operands, isSuffix: true, evaluation)
        },
    ]

    private static let places: [Builtin] = [
        Builtin("indexof", "string, string -> number") {
            evaluation, operands throws(BuiltinError) in
            let (text, needle) = try searchOperands(operands)
            let found = try ByteSearch(needle.bytes, evaluation).find(in: text.bytes)
            guard found >= 0 else { return .integer(-1) }
            return .integer(Runes.count(UnsafeBufferPointer(rebasing: text.bytes[..<found])))
        },
        Builtin("indexof_n", "string, string -> array[number]") {
            evaluation, operands throws(BuiltinError) in
            try indexes(operands, evaluation)
        },
        Builtin("strings.count", "string, string -> number") {
            evaluation, operands throws(BuiltinError) in
            let (text, needle) = try (operands.string(0), operands.string(1))
            if needle.count == 0 { return .integer(Runes.count(text.bytes) + 1) }
            return .integer(try occurrences(of: needle, in: text, evaluation))
        },
    ]

    private static let parts: [Builtin] = [
        Builtin("split", "string, string -> array[string]") {
            evaluation, operands throws(BuiltinError) in
            try split(operands.string(0), operands.string(1), evaluation)
        },
        Builtin("strings.split_n", "string, string, number -> array[string]") {
            evaluation, operands throws(BuiltinError) in
            let (text, delimiter) = try (operands.string(0), operands.string(1))
            let limit = try operands.integer(2)
            let all = try split(text, delimiter, evaluation)
            let kept = min(Int(clamping: limit.magnitude), all.count)
            let skipped = limit < 0 ? all.count - kept : 0
            return .array(sharing: all.elements.baseAddress.map { $0 + skipped }, count: kept)
        },
        Builtin("substring", "string, number, number -> string") {
            _, operands throws(BuiltinError) in
            try substring(operands)
        },
    ]

    private static func searchOperands(
        _ operands: Operands
    ) throws(BuiltinError) -> (text: Value, needle: Value) {
        let (text, needle) = try (operands.string(0), operands.string(1))
        guard needle.count > 0 else { throw .failed("empty search character") }
        return (text, needle)
    }

    /// The places of all occurrences, which may overlap, counted in characters.
    private static func indexes(
        _ operands: Operands, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let (text, needle) = try searchOperands(operands)
        let search = try ByteSearch(needle.bytes, evaluation)
        var found = ValueStack(evaluation.arena)
        var counted = 0
        var characters = 0
        var place = search.find(in: text.bytes)
        while place >= 0 {
            characters += Runes.count(UnsafeBufferPointer(rebasing: text.bytes[counted..<place]))
            counted = place
            found.push(.integer(characters))
            guard found.count <= Limits.collectionEntries else {
                throw BuiltinError(.limit, "collection of \(found.count) entries exceeds the limit")
            }
            place = search.find(
                in: text.bytes, from: place + Runes.decode(text.bytes, place).length)
        }
        return .array(sharing: found.base, count: found.count)
    }

    /// Occurrences of `needle`, which is not empty, that do not overlap.
    static func occurrences(
        of needle: Value, in text: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Int {
        let search = try ByteSearch(needle.bytes, evaluation)
        var count = 0
        var place = search.find(in: text.bytes)
        while place >= 0 {
            count += 1
            place = search.find(in: text.bytes, from: place + needle.count)
        }
        return count
    }

    private static func split(
        _ text: Value, _ delimiter: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        if delimiter.count == 0 { return try characters(text, evaluation) }
        let count = try occurrences(of: delimiter, in: text, evaluation) + 1
        let parts = try evaluation.values(count)
        let search = try ByteSearch(delimiter.bytes, evaluation)
        var start = 0
        for index in 0..<count - 1 {
            let end = search.find(in: text.bytes, from: start)
            parts[index] = text.slice(start, end)
            start = end + delimiter.count
        }
        parts[count - 1] = text.slice(start, text.count)
        return .array(sharing: parts, count: count)
    }

    private static func characters(
        _ text: Value, _ evaluation: Evaluation
    ) throws(BuiltinError) -> Value {
        let count = Runes.count(text.bytes)
        let parts = try evaluation.values(count)
        var start = 0
        for index in 0..<count {
            let end = start + Runes.decode(text.bytes, start).length
            parts[index] = text.slice(start, end)
            start = end
        }
        return .array(sharing: parts, count: count)
    }

    /// Characters from an offset; a negative length takes all the rest.
    private static func substring(_ operands: Operands) throws(BuiltinError) -> Value {
        let text = try operands.string(0)
        let (offset, length) = try (operands.integer(1), operands.integer(2))
        guard offset >= 0 else { throw .failed("negative offset") }
        if Runes.isASCII(text.bytes) {
            let start = min(offset, text.count)
            let rest = text.count - start
            return text.slice(start, start + (length < 0 ? rest : min(length, rest)))
        }
        let start = Runes.offset(text.bytes, offset)
        return text.slice(
            start, length < 0 ? text.count : Runes.offset(text.bytes, length, from: start))
    }
}

// MARK: Trimming

extension StringBuiltins {
    private static let trims: [Builtin] = [
        Builtin("trim", "string, string -> string") { _, operands throws(BuiltinError) in
            try trim(operands, left: true, right: true)
        },
        Builtin("trim_left", "string, string -> string") { _, operands throws(BuiltinError) in
            try trim(operands, left: true, right: false)
        },
        Builtin("trim_right", "string, string -> string") { _, operands throws(BuiltinError) in
            try trim(operands, left: false, right: true)
        },
        Builtin("trim_prefix", "string, string -> string") { _, operands throws(BuiltinError) in
            let (text, prefix) = try (operands.string(0), operands.string(1))
            return text.hasPrefix(prefix) ? text.slice(prefix.count, text.count) : text
        },
        Builtin("trim_suffix", "string, string -> string") { _, operands throws(BuiltinError) in
            let (text, suffix) = try (operands.string(0), operands.string(1))
            return text.hasSuffix(suffix) ? text.slice(0, text.count - suffix.count) : text
        },
        Builtin("trim_space", "string -> string") { _, operands throws(BuiltinError) in
            try trim(operands.string(0), left: true, right: true, Runes.isSpace)
        },
    ]

    /// Trims the characters of the second operand.
    private static func trim(
        _ operands: Operands, left: Bool, right: Bool
    ) throws(BuiltinError) -> Value {
        let (text, cutset) = try (operands.string(0), operands.string(1))
        let bytes = cutset.bytes
        if Runes.isASCII(bytes) {
            var (low, high) = (UInt64(0), UInt64(0))
            for byte in bytes {
                if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
            }
            return trim(text, left: left, right: right) { scalar in
                scalar < 64
                    ? low >> UInt64(scalar) & 1 == 1
                    : scalar < 128 && high >> UInt64(scalar - 64) & 1 == 1
            }
        }
        var scalars: Set<UInt32> = []
        var index = 0
        while index < bytes.count {
            let (scalar, length) = Runes.decode(bytes, index)
            scalars.insert(scalar)
            index += length
        }
        return trim(text, left: left, right: right) { scalars.contains($0) }
    }

    private static func trim(
        _ text: Value, left: Bool, right: Bool, _ isCut: (UInt32) -> Bool
    ) -> Value {
        let bytes = text.bytes
        var start = 0
        var end = bytes.count
        while left && start < end {
            let (scalar, length) = Runes.decode(bytes, start)
            guard isCut(scalar) else { break }
            start += length
        }
        while right && end > start {
            let (scalar, first) = Runes.last(bytes, end)
            guard isCut(scalar) else { break }
            end = max(first, start)
        }
        return text.slice(start, end)
    }
}
