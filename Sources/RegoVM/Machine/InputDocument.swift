// SPDX-License-Identifier: Apache-2.0

/// Where a decision's `input` comes from.
///
/// The machine asks for each static path at most once in a decision, so an implementation can read
/// a field straight from the request and never build the whole document.
public protocol InputDocument: AnyObject {
    /// The value at `policy.program.inputPaths[index]`; `.undefined` when there is none. What it
    /// returns must live until the decision is done (for example in the evaluation's arena).
    func value(at index: Int, of policy: Policy, in arena: Arena) -> Value
    /// False when the decision has no input at all.
    var isDefined: Bool { get }
    /// The whole document, for a `with input.x as y` that changes a part of it.
    func whole(in arena: Arena) -> Value
}

/// An `input` that is there as a value already.
public final class TreeInput: InputDocument {
    /// `.undefined` for a missing input.
    public var root: Value

    public init(_ root: Value) { self.root = root }

    public var isDefined: Bool { root.isDefined }

    public func value(at index: Int, of policy: Policy, in arena: Arena) -> Value {
        root.value(at: policy.inputPaths[index])
    }

    public func whole(in arena: Arena) -> Value { root }
}
