// SPDX-License-Identifier: Apache-2.0

/// What is wrong at one place of a threat list.
public struct ThreatListError: Error, Equatable, Sendable, CustomStringConvertible {
    public let file: String
    /// Counted from 1; 0 when it concerns the whole file.
    public let line: Int
    /// Lower case, without full stop.
    public let message: String
    /// Advice, shown in a line of its own.
    public var hint: String?

    public init(file: String, line: Int, message: String, hint: String? = nil) {
        self.file = file
        self.line = line
        self.message = message
        self.hint = hint
    }

    public var description: String {
        let place = line == 0 ? file : "\(file):\(line)"
        return "\(place): \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }
}

/// Why threat lists cannot be used; the first few errors of each.
public struct ThreatListFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public let errors: [ThreatListError]

    public init(_ errors: [ThreatListError]) { self.errors = errors }

    public var description: String { errors.map(\.description).joined(separator: "\n") }
}
