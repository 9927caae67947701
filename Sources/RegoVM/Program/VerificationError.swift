// SPDX-License-Identifier: Apache-2.0

/// Why a program was refused before it ran.
public struct VerificationError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// An operand names a register, constant, path, rule or other part that is not there.
        case operand = "program_operand"
        /// A jump leaves the function, or its last instruction does not.
        case control = "program_control"
        /// A register is read before it is written, or as another kind than it holds.
        case register = "program_register"
        /// `with` scopes are not dropped in the order in which they were pushed.
        case scope = "program_scope"
        /// A table is inconsistent: positions, nodes, rules, entrypoints, constants.
        case table = "program_table"
        /// A rule index names clauses or subjects that are not there.
        case index = "program_index"
        /// Functions or documents that depend on themselves.
        case recursion = "program_recursion"
        /// A builtin that may wait in a program that says it never does.
        case waiting = "program_waiting"
        /// More registers, instructions or levels than the limits allow.
        case limit = "program_limit"
    }

    public let code: Code
    public let message: String
    /// The function's name; nil for what belongs to the whole program.
    public let function: String?
    /// The instruction's number in its function.
    public let offset: Int?

    public init(_ code: Code, _ message: String, function: String? = nil, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.function = function
        self.offset = offset
    }

    public var description: String {
        var place = function.map { " in `\($0)`" } ?? ""
        if let offset { place += " at instruction \(offset)" }
        return "\(code.rawValue): \(message)\(place)"
    }

    /// Where the source of the refused instruction stands, or of its function.
    public func position(in program: Program) -> Program.Position {
        let found = program.functions.first { $0.name == function }?.positions
        guard let positions = found, let first = positions.first else {
            return Program.Position(file: 0, row: 1, column: 1)
        }
        return offset.flatMap { positions.indices.contains($0) ? positions[$0] : nil } ?? first
    }
}
