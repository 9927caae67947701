// SPDX-License-Identifier: Apache-2.0
import Authorization

/// A label, a restriction or a signal of one agent, with its end and its cause.
struct Mark {
    enum Kind: UInt8 {
        case label
        case restriction
        case signal
    }

    private(set) var kind: Kind
    private var nameCount: UInt8
    private var nameBytes: InlineArray<140, UInt8>
    /// Of a signal: 0 to 100.
    var severity: UInt8 = 0
    var confidence: UInt8 = 0
    /// Nanoseconds since 1970.
    let since: Int64
    var expires: Int64
    /// The record that made it last as long as it does.
    var cause: DecisionID
    /// Of a signal about one session: the session's hash; 0 for all sessions.
    var session: UInt64 = 0

    /// - Parameter name: at most `Limits.markNameBytes`.
    init(_ kind: Kind, _ name: Bytes, since: Int64, expires: Int64, cause: DecisionID) {
        self.kind = kind
        nameCount = UInt8(name.count)
        nameBytes = InlineArray(repeating: 0)
        for index in 0..<name.count { nameBytes[index] = name[index] }
        self.since = since
        self.expires = expires
        self.cause = cause
    }

    /// How much a signal weighs against others.
    var strength: Int { Int(severity) * Int(confidence) }

    func hasName(_ name: Bytes) -> Bool {
        guard name.count == Int(nameCount) else { return false }
        for index in 0..<name.count where nameBytes[index] != name[index] { return false }
        return true
    }

    /// Calls `body` with the name, which is valid only inside of it.
    func withName<Result>(_ body: (Bytes) -> Result) -> Result {
        withUnsafeBytes(of: nameBytes) { memory in
            body(Bytes(UnsafeRawBufferPointer(rebasing: memory[0..<Int(nameCount)])))
        }
    }
}

/// The marks of one agent: no memory for the many agents that have none.
struct MarkList {
    private(set) var base: UnsafeMutablePointer<Mark>?
    private(set) var count: UInt16 = 0
    private var capacity: UInt16 = 0

    static let isolate = Bytes("isolate")

    /// Adds a mark, or makes the one of this name last longer. What has no room, by number or by
    /// length, isolates for as long: forgetting it would let the agent go.
    mutating func add(
        _ kind: Mark.Kind, _ name: Bytes, seconds: Int64, at time: Int64, cause: DecisionID
    ) {
        guard seconds > 0 else { return }
        let lasting = min(seconds, Limits.markSeconds)
        let expires = time + lasting * 1_000_000_000
        if let index = index(of: name, kind), let base {
            guard base[index].expires <= time else {
                guard expires > base[index].expires else { return }
                base[index].expires = expires
                base[index].cause = cause
                return
            }
            // It had ended: this is another one.
            remove(at: index)
        }
        let limit = kind == .label ? Limits.labels : Limits.restrictions
        let isLast = kind == .restriction && name == Self.isolate
        if name.count > Limits.markNameBytes || number(of: kind, at: time) >= limit, !isLast {
            add(.restriction, Self.isolate, seconds: lasting, at: time, cause: cause)
            return
        }
        makePlace(kind, limit, at: time)
        append(Mark(kind, name, since: time, expires: expires, cause: cause))
    }

    private func index(of name: Bytes, _ kind: Mark.Kind) -> Int? {
        guard let base else { return nil }
        for index in 0..<Int(count) where base[index].kind == kind && base[index].hasName(name) {
            return index
        }
        return nil
    }

    /// Marks of a kind that hold.
    private func number(of kind: Mark.Kind, at time: Int64) -> Int {
        var result = 0
        forEach(kind, at: time) { _ in result += 1 }
        return result
    }

    /// When a kind has as many marks as it may have, with those that are over, the one of them that
    /// ended first goes.
    private mutating func makePlace(_ kind: Mark.Kind, _ limit: Int, at time: Int64) {
        guard let base else { return }
        var number = 0
        var first: Int?
        for index in 0..<Int(count) where base[index].kind == kind {
            number += 1
            guard base[index].expires <= time else { continue }
            if let found = first, base[found].expires <= base[index].expires { continue }
            first = index
        }
        if number >= limit, let first { remove(at: first) }
    }

    /// The others keep their order.
    private mutating func remove(at removed: Int) {
        guard let base else { return }
        for index in removed..<(Int(count) - 1) { base[index] = base[index + 1] }
        count -= 1
    }

    private mutating func append(_ mark: Mark) {
        if count == capacity { grow(to: max(1, Int(capacity) * 2)) }
        base?.advanced(by: Int(count)).initialize(to: mark)
        count += 1
    }

    private mutating func grow(to newCapacity: Int) {
        let larger = UnsafeMutablePointer<Mark>.allocate(capacity: newCapacity)
        if let base {
            larger.update(from: base, count: Int(count))
            base.deallocate()
        }
        base = larger
        capacity = UInt16(newCapacity)
    }

    /// Forgets marks that have been over for a while; gives the memory back with the last one.
    ///
    /// Not at once: `time` is that of one event, and a clock that was wrong for a moment must not
    /// release anybody for good. Whether a mark holds is judged when it is read.
    mutating func expire(at time: Int64) {
        let grace = Limits.endedMarkSeconds * 1_000_000_000
        removeAll { $0.expires <= time && time - $0.expires >= grace }
    }

    /// Calls `body` with each mark of a kind that holds.
    func forEach(_ kind: Mark.Kind, at time: Int64, _ body: (Mark) -> Void) {
        guard let base else { return }
        for index in 0..<Int(count) where base[index].kind == kind && base[index].expires > time {
            body(base[index])
        }
    }

    func has(_ kind: Mark.Kind, at time: Int64) -> Bool {
        guard let base else { return false }
        for index in 0..<Int(count) where base[index].kind == kind && base[index].expires > time {
            return true
        }
        return false
    }

    /// The list on which an agent with these marks waits for its eviction.
    func properList(at time: Int64) -> Shard.List {
        if count == 0 { return .plain }
        if has(.restriction, at: time) { return .restricted }
        return has(.label, at: time) || has(.signal, at: time) ? .labelled : .plain
    }

    /// Takes away one restriction, or all of them for an empty name.
    mutating func release(_ name: Bytes) {
        removeAll { $0.kind == .restriction && (name.isEmpty || $0.hasName(name)) }
    }

    /// Adds what a detector says. It replaces what was said of the same kind about the same
    /// session; when no place is left, the weakest statement goes.
    mutating func add(signal: Mark) {
        let time = signal.since
        if let index = indexOfSignal(like: signal), let base {
            if base[index].expires > time {
                base[index] = signal
                return
            }
            remove(at: index)
        }
        if number(of: .signal, at: time) >= Limits.signals {
            guard let weakest = weakestSignal(at: time), let base,
                base[weakest].strength <= signal.strength
            else { return }
            base[weakest] = signal
            return
        }
        makePlace(.signal, Limits.signals, at: time)
        append(signal)
    }

    private func indexOfSignal(like signal: Mark) -> Int? {
        guard let base else { return nil }
        for index in 0..<Int(count)
        where base[index].kind == .signal && base[index].session == signal.session
            && signal.withName({ base[index].hasName($0) })
        {
            return index
        }
        return nil
    }

    private func weakestSignal(at time: Int64) -> Int? {
        guard let base else { return nil }
        var weakest: Int?
        for index in 0..<Int(count)
        where base[index].kind == .signal && base[index].expires > time {
            if let found = weakest, base[found].strength <= base[index].strength { continue }
            weakest = index
        }
        return weakest
    }

    private mutating func removeAll(where isGone: (Mark) -> Bool) {
        guard let base else { return }
        var kept = 0
        for index in 0..<Int(count) where !isGone(base[index]) {
            base[kept] = base[index]
            kept += 1
        }
        count = UInt16(kept)
        if kept == 0 { free() }
    }

    var memoryBytes: Int { Int(capacity) * MemoryLayout<Mark>.stride }

    /// No marks, in the same memory.
    mutating func clear() { count = 0 }

    /// Becomes a copy of `other`, in memory of its own.
    mutating func copy(_ other: MarkList) {
        if other.count > capacity { grow(to: Int(other.count)) }
        if let base, let source = other.base, other.count > 0 {
            base.update(from: source, count: Int(other.count))
        }
        count = other.count
    }

    mutating func free() {
        base?.deallocate()
        base = nil
        count = 0
        capacity = 0
    }
}
