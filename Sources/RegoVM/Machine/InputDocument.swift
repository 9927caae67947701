// SPDX-License-Identifier: Apache-2.0

/// Where a decision's `input` comes from.
///
/// The machine asks for each static path at most once in a decision, so an implementation can read
/// a field straight from the request and never build the whole document. This one has no input at
/// all.
///
/// A class and no protocol: a machine can ask it without counting a reference.
open class InputDocument {
    public init() {}

    /// The value at `paths[index]`; `.undefined` when there is none. What it returns must live
    /// until the decision is done (for example in the evaluation's arena).
    ///
    /// - Parameter paths: those of the policy that is evaluated, `policy.inputPaths`.
    open func value(at index: Int, of paths: InputPaths, in arena: Arena) -> Value { .undefined }
    /// False when the decision has no input at all.
    open var isDefined: Bool { false }
    /// The whole document, for a `with input.x as y` that changes a part of it.
    open func whole(in arena: Arena) -> Value { .undefined }
}

/// An `input` that is there as a value already.
public final class TreeInput: InputDocument {
    /// `.undefined` for a missing input.
    public var root: Value

    public init(_ root: Value) { self.root = root }

    override public var isDefined: Bool { root.isDefined }

    override public func value(at index: Int, of paths: InputPaths, in arena: Arena) -> Value {
        root.value(at: paths[index])
    }

    override public func whole(in arena: Arena) -> Value { root }
}

/// The static `input` paths of one policy, which must outlive it; equal when they are the same
/// policy's.
@frozen
public struct InputPaths: BitwiseCopyable, Equatable {
    let start: UnsafeMutablePointer<UnsafeMutableBufferPointer<Value>>

    /// The steps of the path number `index`.
    subscript(index: Int) -> UnsafeMutableBufferPointer<Value> { start[index] }
}

extension Value {
    /// The value at the end of a policy's path.
    public func value(at index: Int, of paths: InputPaths) -> Value { value(at: paths[index]) }
}
