// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Finds all text patterns in a text in one pass: an Aho-Corasick automaton (CACM 18(6), 1975)
/// behind a filter.
///
/// The automaton's states begin at the fourth byte of a pattern, where patterns rarely agree with
/// a text that holds none: most of a text is only looked at through a bitmap of the windows with
/// which patterns begin. The longer the shortest pattern is, the wider are these windows, up to
/// eight bytes, and the more bytes one look covers, up to eight (`stride`): the bitmap holds the
/// windows at each of that many offsets.
///
/// Immutable. Text and patterns have ASCII letters in lower case.
final class PatternMatcher: @unchecked Sendable {
    /// Bytes that lead to the first state.
    static let window = 4
    /// Patterns at least this long let the filter work best; shorter ones have a matcher of their
    /// own, so that a few of them do not slow down the search for many long ones.
    static let longPattern = 11
    /// Bytes behind a text that the search may read, whatever they are.
    static let slack = 8

    /// 12 bytes. States are numbered from 1 in the order of a walk that goes deep first, so the
    /// first child of a state is the number behind its own.
    struct State {
        /// The byte that leads here.
        var byte: UInt8
        var hasChild = false
        /// True when children besides the first are in `edges`.
        var hasMore = false
        /// The state of the longest proper suffix that is a state; 0 when there is none.
        var suffix: UInt32 = 0
        /// The longest pattern with which the text read so far ends; 0 for none.
        var output: UInt32 = 0
    }

    let states: UnsafeMutablePointer<State>
    let stateCount: Int
    private let edges: EdgeTable
    let starts: WindowTable
    private let filter: WindowFilter
    /// Bytes that one look into the filter covers.
    private let stride: Int
    /// Bytes of the filter's windows.
    private let width: Int
    /// Bytes of the shortest pattern.
    let shortest: Int
    /// By pattern, from 1: its first entry, and the next shorter pattern that it ends with.
    private let firstEntry: UnsafeMutablePointer<UInt32>
    let nextShorter: UnsafeMutablePointer<UInt32>

    /// Matchers for the entries: none, one, or one for short and one for long patterns.
    static func all(
        _ numbers: [UInt32], _ entries: EntryTable
    ) throws(ThreatIndex.Failure) -> [PatternMatcher] {
        var total = 0
        var patterns: [(text: [UInt8], entry: UInt32)] = numbers.map { number in
            let text = entries[number].value.buffer.map(ASCII.lower)
            total += text.count
            return (text, number)
        }
        guard total <= Limits.patternBytes else { throw .tooMuchText }
        patterns.removeAll { $0.text.count < Limits.shortestPattern }
        patterns.sort { $0.text.lexicographicallyPrecedes($1.text) }
        var unique: [(text: [UInt8], entry: UInt32)] = []
        for pattern in patterns {
            if let last = unique.last, last.text == pattern.text {
                entries.chain(pattern.entry, behind: last.entry)
            } else {
                unique.append(pattern)
            }
        }
        let groups = [
            unique.filter { $0.text.count < longPattern },
            unique.filter { $0.text.count >= longPattern },
        ]
        return groups.filter { !$0.isEmpty }.map(PatternMatcher.init)
    }

    /// - Parameter patterns: sorted and without repetition.
    private init(_ patterns: [(text: [UInt8], entry: UInt32)]) {
        var builder = PatternBuilder()
        for pattern in patterns { builder.add(pattern.text) }
        let tree = builder.finish()
        stateCount = tree.states.count
        states = .allocate(capacity: stateCount)
        _ = UnsafeMutableBufferPointer(start: states, count: stateCount)
            .initialize(from: tree.states)
        edges = EdgeTable(tree.edges)
        starts = WindowTable(tree.starts)
        shortest = patterns.reduce(Int.max) { min($0, $1.text.count) }
        // As many as leave the windows wide, else four.
        stride = max(min(8, shortest - 7), min(4, shortest - Self.window + 1))
        width = min(8, shortest - stride + 1)
        filter = WindowFilter(patterns.map(\.text), width: width, offsets: stride)
        firstEntry = .allocate(capacity: patterns.count + 1)
        firstEntry.initialize(to: EntryTable.none)
        for (index, pattern) in patterns.enumerated() {
            (firstEntry + index + 1).initialize(to: pattern.entry)
        }
        nextShorter = .allocate(capacity: patterns.count + 1)
        nextShorter.initialize(repeating: 0, count: patterns.count + 1)
        link(tree)
    }

    deinit {
        states.deallocate()
        firstEntry.deallocate()
        nextShorter.deallocate()
        edges.free()
        starts.free()
        filter.free()
    }

    @inline(__always)
    func child(of state: UInt32, _ byte: UInt8) -> UInt32 {
        let place = states + Int(state)
        if place.pointee.hasChild, place[1].byte == byte { return state &+ 1 }
        return place.pointee.hasMore ? edges.find(state, byte) : 0
    }

    func entry(of pattern: UInt32) -> UInt32 { firstEntry[Int(pattern)] }

    /// Calls `found` with each pattern that ends somewhere in the text, the longest of one place
    /// first; it returns true when the pattern and all shorter ones behind it are known already.
    ///
    /// - Parameters:
    ///   - text: in lower case; `slack` bytes behind it may be read too.
    ///   - isDone: asked after each place that had any.
    func search(
        _ text: UnsafePointer<UInt8>, _ count: Int, found: (UInt32) -> Bool, isDone: () -> Bool
    ) {
        var start = 0
        while var state = nextStart(text, count, &start) {
            var place = start + Self.window
            report(state, found)
            walk: while true {
                guard place < count else { return }
                let next = child(of: state, text[place])
                if next != 0 {
                    state = next
                    place += 1
                    if states[Int(state)].output != 0 {
                        report(state, found)
                        if isDone() { return }
                    }
                    continue walk
                }
                state = states[Int(state)].suffix
                // Only the last three bytes may still begin a pattern.
                if state == 0 { break walk }
            }
            start = place - Self.window + 1
            if isDone() { return }
        }
    }

    private func report(_ state: UInt32, _ found: (UInt32) -> Bool) {
        var pattern = states[Int(state)].output
        while pattern != 0, !found(pattern) { pattern = nextShorter[Int(pattern)] }
    }

    /// The next place, from `start` on, where a pattern may begin, and its state; nil when there
    /// is none.
    private func nextStart(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ start: inout Int
    ) -> UInt32? {
        let bytes = UnsafeRawPointer(text)
        let last = count - width
        guard last >= 0 else { return nil }
        var place = filter.next(text, from: start &+ stride &- 1, to: last, by: stride)
        while place <= last {
            var candidate = max(start, place &- stride &+ 1)
            while candidate <= place {
                let state = starts.find(
                    bytes.loadUnaligned(fromByteOffset: candidate, as: UInt32.self))
                if state != 0 {
                    start = candidate
                    return state
                }
                candidate &+= 1
            }
            place = filter.next(text, from: place &+ stride, to: last, by: stride)
        }
        return nil
    }
}
