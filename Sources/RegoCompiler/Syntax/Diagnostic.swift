// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a policy, and where. Codes are OPA's.
public struct Diagnostic: Error, Sendable {
    public enum Code: String, Sendable {
        case parse = "rego_parse_error"
        case compile = "rego_compile_error"
        case type = "rego_type_error"
        case unsafeVariable = "rego_unsafe_var_error"
        case recursion = "rego_recursion_error"
    }

    public var code: Code
    public var message: String
    public var location: Location
    /// Advice, shown in a line of its own.
    public var hint: String?
    /// Lines below the message, e.g. what types were found and wanted.
    public var details: [String]

    public init(
        _ code: Code, _ message: String, at location: Location, hint: String? = nil,
        details: [String] = []
    ) {
        self.code = code
        self.message = message
        self.location = location
        self.hint = hint
        self.details = details
    }
}

/// Every diagnostic of a failed compilation, in the order of their positions.
public struct CompilationFailure: Error, Sendable {
    public var diagnostics: [Diagnostic]
    public init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}

/// A policy text and the name it goes by in diagnostics.
public struct Source: Sendable {
    public var name: String
    public var text: String
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}
