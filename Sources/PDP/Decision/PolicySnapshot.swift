// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// A policy ready to decide checks: immutable, shared by all loops, swapped whole.
public final class PolicySnapshot: @unchecked Sendable {
    public let policy: Policy
    let binding: InputBinding
    /// The entrypoint of checks whose route names none.
    public let defaultEntrypoint: Entrypoint
    /// True when some entrypoint may wait for a network.
    let mayWait: Bool
    /// True when the policy can see `input.agent`.
    let readsAgent: Bool
    /// The policy's revision.
    let revision: Bytes
    /// `data.system.log.mask`; nil when the policy has none.
    let mask: Program.Entrypoint?
    /// It would have to wait for a network, which nobody does for the log: it always fails.
    let maskMayWait: Bool
    private let entrypoints: [Entrypoint]
    private let names: UnsafeMutablePointer<UInt8>

    /// A decision's name in configuration and routes, and where it is in the program.
    public struct Entrypoint: Sendable {
        /// `routes/payments/decision`: slashes, without `data`.
        public let name: Bytes
        let target: Program.Entrypoint
        /// True when its evaluation may wait for a network.
        let mayWait: Bool
        let rules: RecordedRules
    }

    public struct UnknownEntrypoint: Error, CustomStringConvertible {
        public let name: String
        public var description: String { "entrypoint `\(name)` is defined by no policy" }
    }

    /// - Parameters:
    ///   - entrypoint: `data.a.b` or `a/b`: what decides by default.
    ///   - allowed: entrypoints that routes may name besides.
    public init(
        policy: Policy, entrypoint: String, allowed: [String]
    ) throws(UnknownEntrypoint) {
        self.policy = policy
        binding = InputBinding(policy, sections: CheckSections.names)
        readsAgent = binding.reads(section: CheckSections.agent)
        var listed: [String] = []
        for name in [entrypoint] + allowed {
            let path = Self.slashes(name)
            if !listed.contains(path) { listed.append(path) }
        }
        let total = listed.reduce(policy.revision.utf8.count) { $0 + $1.utf8.count }
        names = .allocate(capacity: max(1, total))
        var offset = policy.revision.utf8.count
        for (index, byte) in policy.revision.utf8.enumerated() { names[index] = byte }
        revision = Bytes(start: names, count: offset)
        var found: [Entrypoint] = []
        let waits = WaitAnalysis(policy.program)
        for path in listed {
            guard let target = policy.program.entrypoints[path.replacing("/", with: ".")] else {
                throw UnknownEntrypoint(name: path)
            }
            for (index, byte) in path.utf8.enumerated() { names[offset + index] = byte }
            found.append(
                Entrypoint(
                    name: Bytes(start: names + offset, count: path.utf8.count), target: target,
                    mayWait: waits.mayWait(target),
                    rules: RecordedRules(policy.program, target)))
            offset += path.utf8.count
        }
        entrypoints = found
        mask = policy.program.entrypoints[LogMask.rule]
        maskMayWait = mask.map { waits.mayWait($0) } ?? false
        mayWait = found.contains { $0.mayWait }
        defaultEntrypoint = found[0]
    }

    deinit {
        for entrypoint in entrypoints { entrypoint.rules.free() }
        names.deallocate()
    }

    /// `data.a.b`, `a.b` and `a/b` are the same name.
    private static func slashes(_ name: String) -> String {
        let path = name.replacing(".", with: "/")
        return path.hasPrefix("data/") ? String(path.dropFirst(5)) : path
    }

    /// The entrypoint that a route names; nil when the configuration does not allow it.
    func entrypoint(named name: Bytes) -> Entrypoint? { entrypoints.first { $0.name == name } }
}
