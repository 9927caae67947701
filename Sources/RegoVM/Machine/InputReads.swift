// SPDX-License-Identifier: Apache-2.0

/// What a decision has read of `input` so far, in order. Belongs to one machine.
struct InputReads {
    private let reads: UnsafeMutablePointer<AnswerMemory.Read>
    /// Above `Limits.answerReads` when the answer must not be remembered.
    private var count = InputReads.spoilt
    /// How many were read on the way to `last`, beginning with the one that it asks for.
    private var known = 0
    /// Where the way that is known already ends; nil when nothing was looked for.
    private var last: UnsafeMutablePointer<AnswerMemory.Step>?

    private static let spoilt = Limits.answerReads + 1

    init() { reads = .allocate(capacity: Limits.answerReads) }

    func free() { reads.deallocate() }

    /// Forgets them. Nothing is noted down until `start`.
    mutating func reset() {
        count = Self.spoilt
        last = nil
    }

    mutating func start() { count = 0 }

    /// The answer depends on something else, too.
    mutating func spoil() { count = Self.spoilt }

    /// Notes down a part that is read for the first time. Long values are as good as none: they
    /// hardly ever come again.
    mutating func add(_ path: Int, _ key: Value, _ value: Value) {
        guard count < Limits.answerReads, value.isBrief else { return spoil() }
        reads[count] = .init(part: .init(path: path, key: key), value: value)
        count += 1
    }

    /// Notes down a member, of which nobody else remembers whether it was read before.
    mutating func addMember(_ path: Int, _ key: Value, _ value: Value) {
        guard count <= Limits.answerReads else { return }
        let part = AnswerMemory.Part(path: path, key: key)
        for index in 0..<count where reads[index].part.isSame(as: part) { return }
        add(path, key, value)
    }

    mutating func stop(at step: UnsafeMutablePointer<AnswerMemory.Step>, known: Int) {
        last = step
        self.known = known
    }

    /// Adds the answer that these reads led to, where it can be remembered, and ends with that:
    /// what `last` points to may be forgotten then.
    mutating func add(_ answer: Value, note: Value, work: Int64, to memory: AnswerMemory) {
        guard let last, count <= Limits.answerReads else { return }
        memory.add(
            answer, note: note, work: work,
            reads: UnsafeBufferPointer(start: reads, count: count), known: known, after: last)
        reset()
    }
}

extension Value {
    /// Short enough to be compared and kept.
    fileprivate var isBrief: Bool {
        isCollection ? weight <= Limits.answerReadParts : count <= Limits.answerReadBytes
    }
}
