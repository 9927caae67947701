// SPDX-License-Identifier: Apache-2.0

/// Prints a program: each instruction as the meaning of its opcode with its operands filled in.
public struct Disassembler {
    public struct Options: Sendable {
        /// Names of the sources by number; positions are printed when it is not nil.
        public var sources: [String]?

        public init(sources: [String]? = nil) { self.sources = sources }
    }

    private let program: Program
    private let options: Options
    private var lines: [String] = []

    /// The whole program as text, one line an instruction.
    public static func text(_ program: Program, options: Options = Options()) -> String {
        var disassembler = Disassembler(program: program, options: options)
        for function in program.functions { disassembler.add(function) }
        for (number, index) in program.indices.enumerated() {
            disassembler.lines.append("index \(number)")
            disassembler.add(index.root, index, indent: "  ")
            disassembler.lines.append("")
        }
        return disassembler.lines.map { $0 + "\n" }.joined()
    }

    private init(program: Program, options: Options) {
        self.program = program
        self.options = options
    }

    private mutating func add(_ function: Program.Function) {
        lines.append(
            "function \(function.name) (\(function.parameterCount) parameters, "
                + "\(function.registerCount) registers)")
        for (offset, instruction) in function.instructions.enumerated() {
            let text = "  \(Self.padded("\(offset)", 4, left: true))  " + meaning(instruction)
            guard let sources = options.sources, function.positions.indices.contains(offset) else {
                lines.append(text)
                continue
            }
            let position = function.positions[offset]
            let file = Int(position.file)
            let name = sources.indices.contains(file) ? sources[file] : "source \(file)"
            lines.append(Self.padded(text, 60) + "  # \(name):\(position.row):\(position.column)")
        }
        lines.append("")
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }

    // MARK: Instructions

    /// An opcode's meaning with the operands of `i` in place of a, b, c and target.
    private func meaning(_ i: Instruction) -> String {
        var result = ""
        var rest = i.opcode.rawValue[...]
        while !rest.isEmpty {
            if let (token, text) = replacement(rest, i) {
                result += text
                rest = rest.dropFirst(token.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }

    /// The operand at the start of `text` and what to print for it.
    private func replacement(_ text: Substring, _ i: Instruction) -> (token: String, text: String)?
    {
        for (token, describe) in Self.tokens where text.hasPrefix(token) {
            return (token, describe(self, i))
        }
        return nil
    }

    private typealias Printer = @Sendable (Disassembler, Instruction) -> String

    /// Longer ones before their beginnings.
    private static let tokens: [(String, Printer)] = [
        ("R[b+c-1]", { _, i in "R\(i.b + i.c - 1)" }),
        ("R[b+c]", { _, i in "R\(i.b + i.c)" }),
        ("R[a]", { _, i in "R\(i.a)" }),
        ("R[b]", { _, i in "R\(i.b)" }),
        ("R[c]...", { $0.operands($1) }),
        ("R[c]", { _, i in "R\(i.c)" }),
        ("V(b)", { $0.value($1.b) }),
        ("V(c)", { $0.value($1.c) }),
        ("goto target", { _, i in "goto \(i.target)" }),
        ("comparison a", { _, i in sign(Int(i.a)) }),
        ("comparison target", { _, i in sign(Int(i.target)) }),
        ("base data path b", { $0.path("data", $0.item($0.program.dataPaths, $1.b)) }),
        ("input path b", { $0.path("input", $0.item($0.program.inputPaths, $1.b)) }),
        ("builtin b", { $0.item(BuiltinTable.all, $1.b)?.name ?? "builtin \($1.b)" }),
        ("function b", { $0.item($0.program.functions, $1.b)?.name ?? "function \($1.b)" }),
        ("rule b", { $0.rule($1.b) }),
        ("node b", { $0.path("data", $0.item($0.program.nodes, $1.b)?.path) }),
        ("index b", { _, i in "index \(i.b)" }),
        ("replacements b", { $0.replacements($1.b) }),
        ("moment a", { _, i in Moment(rawValue: Int(i.a)).map { "\($0)" } ?? "moment \(i.a)" }),
        ("point b", { _, i in "point \(i.b)" }),
        ("count c", { _, i in "count \(i.c)" }),
        (
            "builder of kind b",
            { _, i in "\(i.b == 0 ? "set" : i.b == 1 ? "object" : "array") builder" }
        ),
        ("of kind target", { _, i in "of kind \(i.target)" }),
    ]
}

// MARK: Operands

extension Disassembler {
    private static let signs = ["==", "!=", "<", "<=", ">", ">="]

    private static func sign(_ comparison: Int) -> String {
        signs.indices.contains(comparison) ? signs[comparison] : "comparison \(comparison)"
    }

    private func item<T>(_ items: [T], _ number: Int32) -> T? {
        items.indices.contains(Int(number)) ? items[Int(number)] : nil
    }

    private func value(_ operand: Int32) -> String {
        guard operand < 0 else { return "R\(operand)" }
        guard let constant = item(program.constants, ~operand) else {
            return "constant \(~operand)"
        }
        return Self.short(constant.description)
    }

    /// Registers from c on, as many as the instruction takes.
    private func operands(_ i: Instruction) -> String {
        let count =
            switch i.opcode {
            case .builtin, .builtinReplaceable: item(BuiltinTable.all, i.b)?.arity ?? 0
            case .call, .callRemembered, .callReplaceable:
                item(program.functions, i.b)?.parameterCount ?? 0
            default: item(program.scopes, i.b)?.replacements.count(where: \.usesValue) ?? 0
            }
        return (0..<count).map { "R\(Int(i.c) + $0)" }.joined(separator: ", ")
    }

    /// A rule without a path was made by the compiler, which named its function.
    private func rule(_ number: Int32) -> String {
        guard let rule = item(program.rules, number) else { return "rule ?" }
        guard rule.path.isEmpty else { return path("data", rule.path) }
        return item(program.functions, Int32(rule.function))?.name ?? "rule ?"
    }

    private func path(_ root: String, _ steps: [Value]?) -> String {
        guard let steps else { return "\(root) ?" }
        return steps.reduce(root) { $0 + Self.step($1) }
    }

    /// A step of a ref as it is written: `.name`, `["any text"]`, `[0]`.
    public static func step(_ value: Value) -> String {
        guard value.isString, let first = value.bytes.first, !isDigit(first),
            value.bytes.allSatisfy({ isLetter($0) || isDigit($0) })
        else { return "[\(value)]" }
        return ".\(value.asString ?? "")"
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    private func replacements(_ number: Int32) -> String {
        guard let scope = item(program.scopes, number) else { return "replacements \(number)" }
        let names = scope.replacements.map { replacement in
            switch replacement {
            case .input(let steps): path("input", steps)
            case .data(let steps): path("data", steps)
            case .function(let callee, let other): "\(name(callee)) by \(name(other))"
            case .functionByValue(let callee): name(callee)
            }
        }
        return "replacements of " + names.joined(separator: ", ")
    }

    private func name(_ callee: Program.Callee) -> String {
        switch callee {
        case .function(let index):
            item(program.functions, Int32(index))?.name ?? "function \(index)"
        case .builtin(let index): item(BuiltinTable.all, Int32(index))?.name ?? "builtin \(index)"
        }
    }

    /// Constants may be whole documents.
    private static func short(_ text: String) -> String {
        text.count <= longestConstant ? text : text.prefix(longestConstant - 3) + "..."
    }

    private static let longestConstant = 80

    // MARK: Indices

    private mutating func add(_ tree: RuleIndex.Tree, _ index: RuleIndex, indent: String) {
        switch tree {
        case .clauses(let clauses):
            let addresses = clauses.map { item(index.entries, $0).map { "\($0)" } ?? "?" }
            lines.append(
                indent + "goto " + (addresses.isEmpty ? "none" : addresses.joined(separator: ", ")))
        case .branch(let branch):
            lines.append("\(indent)\(subject(branch.subject)) by \(branch.test.rawValue)")
            for (key, child) in branch.children.sorted(by: { $0.key < $1.key }) {
                lines.append("\(indent)  \(Self.short(key.description))")
                add(child, index, indent: indent + "    ")
            }
            lines.append("\(indent)others")
            add(branch.others, index, indent: indent + "  ")
        }
    }

    private func subject(_ subject: RuleIndex.Subject) -> String {
        switch subject {
        case .input(let number): path("input", item(program.inputPaths, Int32(number)))
        case .data(let number): path("data", item(program.dataPaths, Int32(number)))
        case .argument(let number, let steps): path("R\(number)", steps)
        }
    }
}
