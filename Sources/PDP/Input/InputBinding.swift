// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// One static path under `input`: a part of the document, and the steps from there.
public struct InputField: Sendable {
    /// Place in `InputBinding.nodes`.
    let node: Int
    let rest: [Value]
}

/// The static `input` paths of one policy, bound once at load. Immutable, shared by all loops.
public final class InputBinding: @unchecked Sendable {
    /// Keeps the names in `nodes` and the steps in `fields` alive.
    public let policy: Policy?
    let fields: [InputField]
    /// The distinct parts that the policy reads.
    let nodes: [InputNode]

    /// - Parameter sections: names of the sections that each `CheckInput` will have, in order.
    public init(_ policy: Policy, sections: [String] = []) {
        self.policy = policy
        (fields, nodes) = Self.bind(policy.program.inputPaths, sections)
    }

    /// A binding of paths whose strings outlive it.
    init(paths: [[Value]], sections: [String] = []) {
        policy = nil
        (fields, nodes) = Self.bind(paths, sections)
    }

    private static func bind(
        _ paths: [[Value]], _ sections: [String]
    ) -> (fields: [InputField], nodes: [InputNode]) {
        var nodes: [InputNode] = []
        let fields = paths.map { path in
            let (node, depth) = InputNode.find(path, sections: sections)
            let index = nodes.firstIndex(of: node) ?? nodes.count
            if index == nodes.count { nodes.append(node) }
            return InputField(node: index, rest: Array(path.dropFirst(depth)))
        }
        return (fields, nodes)
    }
}
