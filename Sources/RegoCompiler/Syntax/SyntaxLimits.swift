// SPDX-License-Identifier: Apache-2.0

/// What the parser accepts at most. A text over a limit is an error with a location.
public struct SyntaxLimits: Sendable {
    /// Size of one source text, in bytes.
    public var sourceSize = 16 << 20
    /// Tokens of one source text.
    public var tokens = 4_000_000
    /// Height of the syntax tree and depth of the recursion that builds it, in nodes: building it
    /// takes at most 512 KiB of stack in a release build.
    public var depth = 256
    /// `else` branches of one rule.
    public var elseBranches = 1_000
    /// Terms read, counting those read again after a wrong guess, as a multiple of the tokens.
    public var termsPerToken = 4
    /// Diagnostics reported for one source text.
    public var diagnostics = 10

    public init() {}

    public static let `default` = SyntaxLimits()
}
