// SPDX-License-Identifier: Apache-2.0

/// What ended an evaluation without a result.
public struct EvaluationError: Error, Sendable {
    public enum Code: String, Sendable {
        case conflict = "eval_conflict_error"
        case type = "eval_type_error"
        case builtin = "eval_builtin_error"
        /// Work, memory or depth beyond the limits.
        case limit = "eval_limit_error"
        case cancelled = "eval_cancel_error"
        case merge = "eval_with_merge_error"
    }
    public var code: Code
    public var message: String
    public var position: Program.Position?

    public init(_ code: Code, _ message: String, at position: Program.Position? = nil) {
        self.code = code
        self.message = message
        self.position = position
    }
}
