// SPDX-License-Identifier: Apache-2.0

/// A compiled policy: immutable, shared by all threads.
public struct Program: Sendable {
    public var functions: [Function] = []
    public var constants: [Value] = []
    /// Static paths under `input` that some instruction reads, without the leading `input`.
    public var inputPaths: [[Value]] = []
    /// Static paths under `data` that some instruction reads, without the leading `data`.
    public var dataPaths: [[Value]] = []
    /// Rules by index: which function computes it, and where it lies under `data`.
    public var rules: [RuleEntry] = []
    public var nodes: [Node] = []
    public var scopes: [ScopeTemplate] = []
    public var indices: [RuleIndex] = []
    /// Indices into `BuiltinTable.all`.
    public var builtins: [Int] = []
    /// Entrypoints by dotted path without `data`, e.g. `portcullis.authz.decision`.
    public var entrypoints: [String: Entrypoint] = [:]
    /// Where instrumented code tells what it does; empty in other programs.
    public var points: [Point] = []
    /// What `rego.parse_module` reads policies with; nil leaves it without.
    public var moduleParser: (any ModuleParsing)?
    /// True when some reachable builtin may wait, so that evaluation belongs on a worker.
    public var mayWait = false

    public init() {}

    public struct Function: Sendable {
        public var name: String
        public var parameterCount: Int
        public var registerCount: Int
        public var instructions: [Instruction]
        /// For each instruction the source position it came from: file, row, column.
        public var positions: [Position]
        public init(
            name: String, parameterCount: Int, registerCount: Int, instructions: [Instruction],
            positions: [Position]
        ) {
            self.name = name
            self.parameterCount = parameterCount
            self.registerCount = registerCount
            self.instructions = instructions
            self.positions = positions
        }
    }

    public struct Position: Sendable, Hashable {
        public var file: Int32
        public var row: Int32
        public var column: Int32
        public init(file: Int32, row: Int32, column: Int32) {
            self.file = file
            self.row = row
            self.column = column
        }
    }

    public struct RuleEntry: Sendable {
        public var function: Int
        /// Path under `data`.
        public var path: [Value]
        public init(function: Int, path: [Value]) {
            self.function = function
            self.path = path
        }
    }

    /// An inner node of the tree of virtual documents: a package, or the common prefix of rules.
    public struct Node: Sendable {
        public var path: [Value]
        public var children: [(key: Value, child: Child)]
        /// Index into `dataPaths` of the base document at the same place.
        public var dataPath: Int
        public init(path: [Value], children: [(key: Value, child: Child)], dataPath: Int) {
            self.path = path
            self.children = children
            self.dataPath = dataPath
        }

        public enum Child: Sendable {
            case rule(Int)
            case node(Int)
        }
    }

    public enum Entrypoint: Sendable {
        case rule(Int)
        case node(Int)
    }

    /// What a `with` replaces. Replacing values come from consecutive registers, in order.
    public struct ScopeTemplate: Sendable {
        public var replacements: [Replacement]
        public init(replacements: [Replacement]) { self.replacements = replacements }

        public enum Replacement: Sendable {
            case input(path: [Value])
            case data(path: [Value])
            case function(Callee, by: Callee)
            case functionByValue(Callee)

            /// True when it takes its value from a register.
            public var usesValue: Bool {
                switch self {
                case .input, .data, .functionByValue: true
                case .function: false
                }
            }
        }
    }

    public enum Callee: Sendable, Hashable {
        /// Index into `functions`.
        case function(Int)
        /// Index into `BuiltinTable.all`.
        case builtin(Int)
    }
}
