// SPDX-License-Identifier: Apache-2.0

/// Builds the tree of a template.
struct TemplateParser {
    private let pieces: [TemplateLexer.Piece]
    private var next = 0
    private var depth = 0
    /// Templates that `define` and `block` name.
    private(set) var definitions: [String: [TemplateNode]] = [:]

    /// How a list of nodes ended.
    private enum End {
        case text
        case end
        case otherwise([TemplateToken])
    }

    static func parse(
        _ text: String
    ) throws(BuiltinError) -> (nodes: [TemplateNode], definitions: [String: [TemplateNode]]) {
        var parser = TemplateParser(pieces: try TemplateLexer.pieces(text))
        let (nodes, end) = try parser.list()
        guard case .text = end else { throw TemplateLexer.failure("unexpected {{end}}") }
        return (nodes, parser.definitions)
    }

    private init(pieces: [TemplateLexer.Piece]) { self.pieces = pieces }

    private mutating func list() throws(BuiltinError) -> ([TemplateNode], End) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.templateDepth else {
            throw BuiltinError(.limit, "template is nested more than \(Limits.templateDepth) deep")
        }
        var nodes: [TemplateNode] = []
        while next < pieces.count {
            let piece = pieces[next]
            next += 1
            switch piece {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens):
                var reader = ActionReader(tokens)
                if reader.take(word: "end") { return (nodes, .end) }
                if reader.take(word: "else") { return (nodes, .otherwise(reader.rest)) }
                if let node = try statement(&reader) { nodes.append(node) }
            }
        }
        return (nodes, .text)
    }

    private mutating func statement(_ reader: inout ActionReader) throws(BuiltinError)
        -> TemplateNode?
    {
        if reader.take(word: "if") { return try branch("if", reader) }
        if reader.take(word: "range") { return try branch("range", reader) }
        if reader.take(word: "with") { return try branch("with", reader) }
        if reader.take(word: "break") { return .stop }
        if reader.take(word: "continue") { return .next }
        if reader.take(word: "define") {
            definitions[try reader.name()] = try body()
            return nil
        }
        if reader.take(word: "block") {
            let name = try reader.name()
            let pipeline = try reader.pipeline()
            definitions[name] = try body()
            return .template(name, pipeline)
        }
        if reader.take(word: "template") {
            let name = try reader.name()
            return .template(name, reader.isAtEnd ? nil : try reader.pipeline())
        }
        return .action(try reader.pipeline())
    }

    private mutating func body() throws(BuiltinError) -> [TemplateNode] {
        let (nodes, end) = try list()
        guard case .end = end else { throw TemplateLexer.failure("unexpected EOF") }
        return nodes
    }

    private mutating func branch(
        _ kind: String, _ reader: ActionReader
    ) throws(BuiltinError) -> TemplateNode {
        var reader = reader
        let pipeline = try reader.pipeline(inRange: kind == "range")
        let (nodes, end) = try list()
        var otherwise: [TemplateNode] = []
        switch end {
        case .end: break
        case .text: throw TemplateLexer.failure("unexpected EOF")
        case .otherwise(let tokens): otherwise = try self.otherwise(tokens)
        }
        switch kind {
        case "if": return .conditional(pipeline, then: nodes, otherwise: otherwise)
        case "range": return .range(pipeline, body: nodes, otherwise: otherwise)
        default: return .with(pipeline, body: nodes, otherwise: otherwise)
        }
    }

    /// What follows `else`: a list of its own, or another `if` or `with` that shares the `end`.
    private mutating func otherwise(_ tokens: [TemplateToken]) throws(BuiltinError)
        -> [TemplateNode]
    {
        depth += 1
        defer { depth -= 1 }
        var reader = ActionReader(tokens)
        if reader.take(word: "if") { return [try branch("if", reader)] }
        if reader.take(word: "with") { return [try branch("with", reader)] }
        guard reader.isAtEnd else { throw TemplateLexer.failure("unexpected token in else") }
        return try body()
    }
}

/// Reads the tokens of one action.
private struct ActionReader {
    private let tokens: [TemplateToken]
    private var position = 0
    private var depth = 0

    init(_ tokens: [TemplateToken]) { self.tokens = tokens }

    var rest: [TemplateToken] { Array(tokens[position...]) }

    private var current: TemplateToken? { position < tokens.count ? tokens[position] : nil }

    private mutating func skipSpace() {
        while current == .space { position += 1 }
    }

    var isAtEnd: Bool { tokens[position...].allSatisfy { $0 == .space } }

    mutating func take(word: String) -> Bool {
        skipSpace()
        guard current == .word(word) else { return false }
        position += 1
        return true
    }

    mutating func name() throws(BuiltinError) -> String {
        skipSpace()
        guard case .string(let name)? = current else {
            throw TemplateLexer.failure("expected a template's name")
        }
        position += 1
        return name
    }

    mutating func pipeline(inRange: Bool = false) throws(BuiltinError) -> TemplatePipeline {
        let pipeline = try self.pipeline(until: nil, inRange: inRange)
        guard isAtEnd else { throw TemplateLexer.failure("unexpected token in command") }
        return pipeline
    }

    private mutating func pipeline(
        until close: TemplateToken?, inRange: Bool
    ) throws(BuiltinError) -> TemplatePipeline {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.templateDepth else {
            throw BuiltinError(.limit, "template is nested more than \(Limits.templateDepth) deep")
        }
        var pipeline = TemplatePipeline()
        readVariables(&pipeline, inRange: inRange)
        while true {
            let command = try self.command()
            guard !command.isEmpty else { throw TemplateLexer.failure("missing value for command") }
            pipeline.commands.append(command)
            skipSpace()
            guard current == .sign("|") else { break }
            position += 1
        }
        if let close {
            guard current == close else { throw TemplateLexer.failure("unclosed left paren") }
            position += 1
        }
        return pipeline
    }

    /// `$x :=`, `$x =` or `$i, $x :=`; steps back when none of them is there.
    private mutating func readVariables(_ pipeline: inout TemplatePipeline, inRange: Bool) {
        let start = position
        var names: [String] = []
        skipSpace()
        while case .variable(let name)? = current {
            names.append(name)
            position += 1
            skipSpace()
            guard inRange, names.count == 1, current == .sign(",") else { break }
            position += 1
            skipSpace()
        }
        if !names.isEmpty, current == .declare || current == .assign {
            pipeline.variables = names
            pipeline.isAssignment = current == .assign
            position += 1
        } else {
            position = start
        }
    }

    private mutating func command() throws(BuiltinError) -> [TemplateOperand] {
        var operands: [TemplateOperand] = []
        while true {
            skipSpace()
            guard let operand = try operand() else { return operands }
            operands.append(operand)
            guard
                current == .space || current == nil || current == .sign("|")
                    || current == .sign(")")
            else {
                throw TemplateLexer.failure("unexpected token in operand")
            }
        }
    }

    private mutating func operand() throws(BuiltinError) -> TemplateOperand? {
        guard let token = current, token != .sign("|"), token != .sign(")") else { return nil }
        position += 1
        let base: TemplateOperand
        switch token {
        case .field(""): base = .dot
        case .field(let name): base = .fields(.dot, [name])
        case .variable(let name): base = .variable(name)
        case .string(let text): base = .literal(.text(text))
        case .character(let code): base = .literal(.integer(Int64(code)))
        case .number(let text): base = .literal(try Self.number(text))
        case .word("true"): base = .literal(.boolean(true))
        case .word("false"): base = .literal(.boolean(false))
        case .word("nil"): base = .null
        case .word(let name): base = .function(name)
        case .sign("("): base = .pipeline(try pipeline(until: .sign(")"), inRange: false))
        default: throw TemplateLexer.failure("unexpected token in operand")
        }
        return fields(of: base)
    }

    /// Fields that follow an operand without a blank between.
    private mutating func fields(of base: TemplateOperand) -> TemplateOperand {
        var names: [String] = []
        while case .field(let name)? = current, !name.isEmpty {
            names.append(name)
            position += 1
        }
        if names.isEmpty { return base }
        if case .fields(let inner, let first) = base { return .fields(inner, first + names) }
        return .fields(base, names)
    }

    private static func number(_ text: String) throws(BuiltinError) -> TemplateDatum {
        let plain = text.filter { $0 != "_" }
        if let integer = Int64(plain) { return .integer(integer) }
        for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0b", 2)]
        where plain.hasPrefix(prefix) {
            if let integer = Int64(plain.dropFirst(2), radix: radix) { return .integer(integer) }
        }
        guard let double = Double(plain) else {
            throw TemplateLexer.failure("bad number syntax: \"\(text)\"")
        }
        return .float(double)
    }
}
