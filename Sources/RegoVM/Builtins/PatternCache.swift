// SPDX-License-Identifier: Apache-2.0
import CRE2

/// A compiled regular expression.
final class Pattern {
    private let compiled: OpaquePointer
    /// Groups, the whole match counted as one.
    let groupCount: Int

    fileprivate init(_ text: UnsafeBufferPointer<UInt8>) throws(BuiltinError) {
        var error = cre2_error()
        guard
            let pattern = cre2_compile(
                text.baseAddress, text.count, Int64(Limits.patternMemory), &error)
        else {
            throw .failed(Self.describe(&error))
        }
        compiled = pattern
        groupCount = Int(cre2_group_count(pattern)) + 1
    }

    deinit { cre2_free(compiled) }

    /// Go's wording: ``error parsing regexp: missing closing ]: `[` ``
    private static func describe(_ error: inout cre2_error) -> String {
        let reason = withUnsafeBytes(of: &error.reason) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let part = withUnsafeBytes(of: &error.part) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return "error parsing regexp: \(reason)" + (part.isEmpty ? "" : ": `\(part)`")
    }

    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        cre2_match(compiled, text.baseAddress, text.count, 0, nil, 0)
    }

    /// Fills `groups` from the first match at or after byte `start`.
    func find(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int,
        _ groups: UnsafeMutableBufferPointer<cre2_range>
    ) -> Bool {
        cre2_match(
            compiled, text.baseAddress, text.count, start, groups.baseAddress, Int32(groups.count))
    }

    /// The number of the group called `name`; nil when there is none.
    func group(named name: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let base = name.baseAddress else { return nil }
        let index = cre2_group_index(compiled, base, name.count)
        return index < 0 ? nil : Int(index)
    }
}

/// The regular expressions that a thread has compiled.
final class PatternCache {
    private let expressions = CompiledTexts<Pattern>()
    private let templates = CompiledTexts<Pattern>()

    static func of(_ evaluation: Evaluation) -> PatternCache {
        evaluation.cache(PatternCache.self) { PatternCache() }
    }

    /// The pattern of a regular expression.
    func expression(_ text: Value) throws(BuiltinError) -> Pattern {
        try expressions.compiled(text, .emptyString) { () throws(BuiltinError) in
            guard let translated = try GoPattern.translated(text.bytes) else {
                return try Self.compile(text.bytes)
            }
            return try translated.withUnsafeBufferPointer { bytes throws(BuiltinError) in
                try Self.compile(bytes)
            }
        }
    }

    /// The pattern of a template, which `make` translates.
    func template(
        _ text: Value, _ delimiters: Value, _ make: () throws(BuiltinError) -> Pattern
    ) throws(BuiltinError) -> Pattern {
        try templates.compiled(text, delimiters, make)
    }

    static func compile(_ text: UnsafeBufferPointer<UInt8>) throws(BuiltinError) -> Pattern {
        guard text.count <= Limits.patternBytes else {
            throw BuiltinError(.limit, "pattern of \(text.count) bytes exceeds the limit")
        }
        return try Pattern(text)
    }
}

/// What a thread has compiled from texts; when it is full, the one unused for longest goes.
final class CompiledTexts<Compiled> {
    private struct Key: Hashable {
        /// Its bytes belong to the cache.
        let text: Value
        /// Delimiters of a glob or template.
        let extra: Value
    }

    private final class Entry {
        let compiled: Compiled
        var lastUse: UInt64

        init(_ compiled: Compiled, lastUse: UInt64) {
            self.compiled = compiled
            self.lastUse = lastUse
        }
    }

    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0

    deinit { for key in entries.keys { Self.free(key) } }

    func compiled(
        _ text: Value, _ extra: Value, _ make: () throws(BuiltinError) -> Compiled
    ) throws(BuiltinError) -> Compiled {
        clock += 1
        if let found = entries[Key(text: text, extra: extra)] {
            found.lastUse = clock
            return found.compiled
        }
        let made = try make()
        if entries.count >= Limits.cachedPatterns { evict() }
        entries[Key(text: Self.copy(text), extra: Self.copy(extra))] = Entry(made, lastUse: clock)
        return made
    }

    private func evict() {
        guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key else {
            return
        }
        entries[oldest] = nil
        Self.free(oldest)
    }

    private static func copy(_ text: Value) -> Value {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(text.count, 1))
        return .string(memory, text.write(to: memory))
    }

    private static func free(_ key: Key) {
        for part in [key.text, key.extra] { part.bytes.baseAddress?.deallocate() }
    }
}
