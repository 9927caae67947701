// SPDX-License-Identifier: Apache-2.0

/// The tree of all patterns, from sorted patterns.
struct PatternTree {
    /// Number 0 is no state.
    var states: [PatternMatcher.State] = [.init(byte: 0)]
    var edges: [(state: UInt32, byte: UInt8, child: UInt32)] = []
    var starts: [(window: UInt32, state: UInt32)] = []
    /// By state: the state above it (0 for a start), how many bytes lead to it, the last four.
    var parents: [UInt32] = [0]
    var depths: [UInt16] = [0]
    var windows: [UInt32] = [0]
}

struct PatternBuilder {
    private var tree = PatternTree()
    /// The states of the last pattern; the first one stands for four bytes.
    private var path: [UInt32] = []
    private var last: [UInt8] = []
    private var count: UInt32 = 0

    /// - Parameter pattern: not before the last one in order, and not equal to it.
    mutating func add(_ pattern: [UInt8]) {
        count += 1
        var shared = 0
        while shared < min(last.count, pattern.count), last[shared] == pattern[shared] {
            shared += 1
        }
        if shared < PatternMatcher.window {
            path = [start(pattern)]
            shared = PatternMatcher.window
        } else {
            path.removeLast(path.count - (shared - PatternMatcher.window + 1))
        }
        for index in shared..<pattern.count { path.append(grow(pattern[index])) }
        if let end = path.last { tree.states[Int(end)].output = count }
        last = pattern
    }

    func finish() -> PatternTree { tree }

    private mutating func start(_ pattern: [UInt8]) -> UInt32 {
        let window = WindowTable.window(pattern)
        let state = append(
            pattern[PatternMatcher.window - 1], parent: 0, depth: UInt16(PatternMatcher.window),
            window)
        tree.starts.append((window, state))
        return state
    }

    private mutating func grow(_ byte: UInt8) -> UInt32 {
        guard let parent = path.last else { return 0 }
        let above = Int(parent)
        let state = append(
            byte, parent: parent, depth: tree.depths[above] + 1,
            tree.windows[above] >> 8 | UInt32(byte) << 24)
        if state == parent + 1 {
            tree.states[above].hasChild = true
        } else {
            tree.states[above].hasMore = true
            tree.edges.append((parent, byte, state))
        }
        return state
    }

    private mutating func append(
        _ byte: UInt8, parent: UInt32, depth: UInt16, _ window: UInt32
    ) -> UInt32 {
        tree.states.append(.init(byte: byte))
        tree.parents.append(parent)
        tree.depths.append(depth)
        tree.windows.append(window)
        return UInt32(tree.states.count - 1)
    }
}

extension PatternMatcher {
    /// Finds each state's longest proper suffix that is a state too, the shallow states first: the
    /// suffix of a state is reached by its byte from a suffix of the state above it.
    func link(_ tree: PatternTree) {
        for state in Self.byDepth(tree.depths) {
            let suffix = suffix(of: state, tree)
            states[Int(state)].suffix = suffix
            let shorter = suffix == 0 ? 0 : states[Int(suffix)].output
            let own = states[Int(state)].output
            if own == 0 {
                states[Int(state)].output = shorter
            } else {
                nextShorter[Int(own)] = shorter
            }
        }
    }

    private func suffix(of state: UInt32, _ tree: PatternTree) -> UInt32 {
        let parent = tree.parents[Int(state)]
        guard parent != 0 else { return 0 }
        var above = states[Int(parent)].suffix
        while above != 0 {
            let next = child(of: above, states[Int(state)].byte)
            if next != 0 { return next }
            above = states[Int(above)].suffix
        }
        return starts.find(tree.windows[Int(state)])
    }

    /// All states, by a counting sort.
    private static func byDepth(_ depths: [UInt16]) -> [UInt32] {
        var ends = Array(repeating: 0, count: Int(depths.max() ?? 0) + 2)
        for depth in depths { ends[Int(depth) + 1] += 1 }
        for depth in 1..<ends.count { ends[depth] += ends[depth - 1] }
        var order = Array(repeating: UInt32(0), count: depths.count)
        for (state, depth) in depths.enumerated() {
            order[ends[Int(depth)]] = UInt32(state)
            ends[Int(depth)] += 1
        }
        // Number 0 is no state; it has depth 0 and comes first.
        return Array(order.dropFirst())
    }
}
