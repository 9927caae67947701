// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// The static `input` paths of one policy, bound once at load. Immutable, shared by all loops.
public final class InputBinding: @unchecked Sendable {
    /// Keeps the names in `nodes` and the steps in `fields` alive.
    public let policy: Policy?
    let tables: Tables
    private let steps: UnsafeMutableBufferPointer<Value>

    /// Flat memory, which each loop reads without counting references to what all of them share.
    struct Tables {
        /// The bound policy's; nil when paths were bound without one.
        var paths: InputPaths?
        /// One for each path.
        var fields = UnsafeMutableBufferPointer<InputField>(start: nil, count: 0)
        /// The distinct parts that the policy reads.
        var nodes = UnsafeMutableBufferPointer<InputNode>(start: nil, count: 0)
    }

    /// - Parameter sections: names of the sections that the `CheckInput`s will have, in their
    ///   order.
    public convenience init(_ policy: Policy, sections: [String] = []) {
        self.init(policy, policy.program.inputPaths, sections)
    }

    /// A binding of paths whose strings outlive it.
    convenience init(paths: [[Value]], sections: [String] = []) { self.init(nil, paths, sections) }

    private init(_ policy: Policy?, _ paths: [[Value]], _ sections: [String]) {
        self.policy = policy
        var found: [InputNode] = []
        let fields = UnsafeMutableBufferPointer<InputField>.allocate(capacity: paths.count)
        steps = .allocate(capacity: paths.reduce(0) { $0 + $1.count })
        var next = 0
        for (index, path) in paths.enumerated() {
            let (node, depth) = InputNode.find(path, sections: sections)
            if !found.contains(node) { found.append(node) }
            let first = next
            for step in path.dropFirst(depth) {
                steps.initializeElement(at: next, to: step)
                next += 1
            }
            fields.initializeElement(
                at: index,
                to: InputField(
                    node: found.firstIndex(of: node) ?? 0,
                    rest: UnsafeBufferPointer(rebasing: steps[first..<next])))
        }
        let nodes = UnsafeMutableBufferPointer<InputNode>.allocate(capacity: found.count)
        _ = nodes.initialize(from: found)
        tables = Tables(paths: policy?.inputPaths, fields: fields, nodes: nodes)
    }

    deinit {
        tables.fields.deallocate()
        steps.deallocate()
        tables.nodes.deinitialize()
        tables.nodes.deallocate()
    }

    /// True when some path leads into the section at `index`, or to all of `input`.
    func reads(section index: Int) -> Bool {
        tables.nodes.contains { node in
            switch node {
            case .whole, .section(index), .sectionKey(index, _): true
            default: false
            }
        }
    }
}

/// One static path under `input`: a part of the document, and the steps from there.
struct InputField {
    /// Place in `InputBinding.nodes`.
    let node: Int
    let rest: UnsafeBufferPointer<Value>
}
