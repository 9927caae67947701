// SPDX-License-Identifier: Apache-2.0

/// How much a line matters.
public enum LogLevel: UInt8, Sendable, CaseIterable, Comparable {
    case debug
    case info
    case warning
    case error

    /// The word in lines and in the configuration.
    public var word: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// How lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `text` when standard error is a terminal, else `json`.
    case automatic
    /// One JSON object a line.
    case json
    /// `key=value`, as logfmt has it.
    case logfmt
    /// For people: time, level, message, fields.
    case text
}

/// One value in a log line.
public enum LogValue: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case boolean(Bool)
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByStringInterpolation
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(_ value: String) { self = .text(value) }
    public init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
}
