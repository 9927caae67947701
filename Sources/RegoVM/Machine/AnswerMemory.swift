// SPDX-License-Identifier: Apache-2.0

/// What entrypoints answered, found again by what they read of `input` on the way.
///
/// Beside the policy and its data an answer depends only on the parts of `input` that were read.
/// Which part is read first is always the same, and which one comes next depends on the values of
/// those before. So the parts make a tree: each step reads one, each branch is a value that it had,
/// and where nothing more is read stands the answer. A decision goes down the tree; where it finds
/// no branch it is evaluated, and what that read is added. The rest of `input` may be whatever it
/// likes, which is what a key of all of it could not offer.
///
/// The idea is that of the megaflows of Open vSwitch (Pfaff et al., NSDI 2015), and of selective
/// memoization (Acar, Blelloch and Harper, POPL 2003).
///
/// Belongs to one machine. Bounded: when it is full it forgets everything, and an entrypoint whose
/// answers are seldom found again rests for a while, because looking for them costs time too.
struct AnswerMemory {
    /// A part of `input`: a static path, or one member of what is there.
    struct Part: BitwiseCopyable {
        let path: Int
        /// Selects the member; `.undefined` for the whole.
        let key: Value

        func isSame(as other: Part) -> Bool { path == other.path && key.isSame(as: other.key) }
    }

    struct Read: BitwiseCopyable {
        let part: Part
        let value: Value
    }

    /// A place in the tree: where the values above it lead, and what comes next.
    struct Step: BitwiseCopyable {
        /// The step above, which read `value`; nil at the root.
        let parent: UnsafeMutablePointer<Step>?
        let value: Value
        /// Another one in the same slot.
        let other: UnsafeMutablePointer<Step>?
        /// What is read next; nil when that is an answer, or not known yet.
        var part: Part?
        var answer: UnsafeMutablePointer<Answer>?
        /// The one below that was taken last: mostly it is the one that is taken next.
        var recent: UnsafeMutablePointer<Step>?
    }

    struct Answer: BitwiseCopyable {
        let value: Value
        /// A string that whoever asked wants to have back.
        let note: Value
        /// Work units that evaluating cost, which whoever is given the answer pays again.
        let work: Int64
    }

    /// Where an entrypoint begins, and how often its answers were found lately.
    struct Root: BitwiseCopyable {
        fileprivate let entrypoint: Int
        /// The first step, of which nothing is known at the beginning.
        fileprivate(set) var step: UnsafeMutablePointer<Step>
        var tries = 0
        var hits = 0
        /// Decisions that do not look.
        var rest = 0
    }

    private struct State {
        var rootCount = 0
        /// Bytes that may still be kept, about.
        var room: Int
    }

    private let state: UnsafeMutablePointer<State>
    private let roots: UnsafeMutablePointer<Root>
    private let slots: UnsafeMutablePointer<UnsafeMutablePointer<Step>?>
    private let arena: Arena
    private let bytes: Int

    init(bytes: Int) {
        self.bytes = bytes
        state = .allocate(capacity: 1)
        state.initialize(to: State(room: bytes))
        roots = .allocate(capacity: Limits.answerRoots)
        slots = .allocate(capacity: Limits.answerSlots)
        slots.initialize(repeating: nil, count: Limits.answerSlots)
        arena = Arena(chunk: 1024, limit: .max)
    }

    func free() {
        state.deallocate()
        roots.deallocate()
        slots.deallocate()
        arena.destroy()
    }

    /// Where the tree of an entrypoint begins; nil when its answers are not looked for now. Whoever
    /// finds one there counts it as a hit.
    func begin(_ entrypoint: Program.Entrypoint) -> UnsafeMutablePointer<Root>? {
        guard let root = root(entrypoint.number) else { return nil }
        if root.pointee.rest > 0 {
            root.pointee.rest -= 1
            return nil
        }
        if root.pointee.tries == Limits.answerTries {
            let isWorthwhile = root.pointee.hits >= Limits.answerTries / 4
            root.pointee.tries = 0
            root.pointee.hits = 0
            if !isWorthwhile { root.pointee.rest = Limits.answerRest }
        }
        root.pointee.tries += 1
        return root
    }

    private func root(_ number: Int) -> UnsafeMutablePointer<Root>? {
        let count = state.pointee.rootCount
        for index in 0..<count where roots[index].entrypoint == number { return roots + index }
        guard count < Limits.answerRoots else { return nil }
        (roots + count).initialize(
            to: Root(entrypoint: number, step: make(nil, .undefined, nil)))
        state.pointee.rootCount = count + 1
        return roots + count
    }

    private func slot(_ parent: UnsafeMutablePointer<Step>, _ value: Value) -> Int {
        let hash = mix(value.hash ^ UInt64(UInt(bitPattern: parent)))
        return Int(truncatingIfNeeded: hash) & (Limits.answerSlots - 1)
    }

    /// What came after `parent` when the part that it reads had this value.
    @inline(__always)
    func next(_ parent: UnsafeMutablePointer<Step>, _ value: Value) -> UnsafeMutablePointer<Step>? {
        if let recent = parent.pointee.recent, recent.pointee.value.isSame(as: value) {
            return recent
        }
        return find(parent, value)
    }

    @inline(never)
    private func find(
        _ parent: UnsafeMutablePointer<Step>, _ value: Value
    ) -> UnsafeMutablePointer<Step>? {
        var step = slots[slot(parent, value)]
        while let found = step {
            if found.pointee.parent == parent, found.pointee.value.isSame(as: value) {
                parent.pointee.recent = found
                break
            }
            step = found.pointee.other
        }
        return step
    }

    /// Adds an answer.
    ///
    /// - Parameters:
    ///   - reads: what was read, in order.
    ///   - known: how many of them lead from the beginning to `last`.
    func add(
        _ answer: Value, note: Value, work: Int64, reads: UnsafeBufferPointer<Read>, known: Int,
        after last: UnsafeMutablePointer<Step>
    ) {
        var left = Limits.rememberedAnswerBytes
        for read in reads[known...] {
            guard !read.value.takes(from: &left), !read.part.key.takes(from: &left) else { return }
            left -= MemoryLayout<Step>.stride
        }
        guard !answer.takes(from: &left), !note.takes(from: &left) else { return }
        let taken = Limits.rememberedAnswerBytes - left
        guard taken <= state.pointee.room else { return forget() }
        state.pointee.room -= taken
        var step = last
        for read in reads[known...] {
            step.pointee.part = Part(
                path: read.part.path, key: read.part.key.copied(into: arena))
            step = add(after: step, read.value.copied(into: arena))
        }
        let kept = arena.allocate(Answer.self, count: 1)
        kept.initialize(
            to: Answer(
                value: answer.copied(into: arena), note: note.copied(into: arena), work: work))
        step.pointee.answer = kept
    }

    private func add(
        after parent: UnsafeMutablePointer<Step>, _ value: Value
    ) -> UnsafeMutablePointer<Step> {
        let slot = slot(parent, value)
        let step = make(parent, value, slots[slot])
        slots[slot] = step
        return step
    }

    private func make(
        _ parent: UnsafeMutablePointer<Step>?, _ value: Value, _ other: UnsafeMutablePointer<Step>?
    ) -> UnsafeMutablePointer<Step> {
        let step = arena.allocate(Step.self, count: 1)
        step.initialize(to: Step(parent: parent, value: value, other: other))
        return step
    }

    private func forget() {
        arena.reset()
        slots.update(repeating: nil, count: Limits.answerSlots)
        for index in 0..<state.pointee.rootCount {
            roots[index].step = make(nil, .undefined, nil)
        }
        state.pointee.room = bytes
    }
}

extension Program.Entrypoint {
    /// Tells the entrypoints of a program apart.
    fileprivate var number: Int {
        switch self {
        case .rule(let index): index
        case .node(let index): ~index
        }
    }
}

extension Machine {
    /// What the entrypoint answered before for all that it would read now; nil when it has to be
    /// evaluated. To be asked first in a decision.
    public func remembered(
        _ entrypoint: Program.Entrypoint
    ) throws(EvaluationError) -> (answer: Value, note: Value)? {
        guard let memory, let root = memory.begin(entrypoint) else { return nil }
        reads.start()
        var step = root.pointee.step
        var known = 0
        while let part = step.pointee.part {
            let value = part.key.isUndefined ? inputValue(part.path) : member(part.path, part.key)
            guard let next = memory.next(step, value) else { break }
            step = next
            known += 1
        }
        guard let answer = step.pointee.answer else {
            reads.stop(at: step, known: known)
            return nil
        }
        root.pointee.hits += 1
        try spend(answer.pointee.work)
        return (answer.pointee.value, answer.pointee.note)
    }

    /// Remembers the answer of the evaluation that followed, as long as it depends on nothing but
    /// what it read of `input`. To be asked before the next decision, and after no error.
    ///
    /// - Parameter note: a string that comes back with the answer.
    public func remember(_ answer: Value, note: Value) {
        guard let memory else { return }
        reads.add(answer, note: note, work: workSpent, to: memory)
    }
}
