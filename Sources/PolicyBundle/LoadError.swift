// SPDX-License-Identifier: Apache-2.0

/// Why policies or data cannot be loaded.
public struct LoadError: Error, Equatable, Sendable {
    /// Stable: also the `code` of machine output.
    public enum Code: String, Sendable {
        case notFound = "load_not_found"
        case unreadable = "load_unreadable"
        case tooLarge = "load_too_large"
        case unknownType = "load_unknown_type"
        case malformedJSON = "load_malformed_json"
        case malformedYAML = "load_malformed_yaml"
        /// The document of a file is no object, so it has no place under `data`.
        case notAnObject = "load_not_an_object"
        /// Two files give a value to the same path.
        case conflict = "load_conflict"
        case encoding = "load_not_utf8"
        /// An archive that cannot be read as one.
        case archive = "load_malformed_archive"
        /// A bundle's manifest is malformed, or the bundle holds what it does not own.
        case manifest = "load_manifest"
        /// A bundle's signatures were to be verified.
        case signature = "load_signature"
    }

    public let code: Code
    /// As it was given, or found below a folder that was given.
    public let file: String
    /// Counted from 1; 0 when it concerns the whole file.
    public var row = 0
    /// Counted from 1, in bytes; 0 when unknown.
    public var column = 0
    /// Lower case, without full stop.
    public let message: String

    public init(_ code: Code, _ file: String, _ message: String, row: Int = 0, column: Int = 0) {
        self.code = code
        self.file = file
        self.message = message
        self.row = row
        self.column = column
    }
}

extension LoadError: CustomStringConvertible {
    /// `file:row:column: message`
    public var description: String {
        if row == 0 { return "\(file): \(message)" }
        if column == 0 { return "\(file):\(row): \(message)" }
        return "\(file):\(row):\(column): \(message)"
    }
}

/// Everything that is wrong with what was to be loaded.
public struct LoadFailure: Error, Sendable {
    public let errors: [LoadError]
    public init(_ errors: [LoadError]) { self.errors = errors }
}
