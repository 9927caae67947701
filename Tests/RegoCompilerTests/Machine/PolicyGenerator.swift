// SPDX-License-Identifier: Apache-2.0

/// Choices made by bytes, so that a fuzzer can steer them; zero when the bytes are used up.
struct Choices {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A number from 0 to below `count`.
    mutating func next(_ count: Int) -> Int {
        guard position < bytes.count, count > 0 else { return 0 }
        position += 1
        return Int(bytes[position - 1]) % count
    }

    mutating func pick(_ items: [String]) -> String { items[next(items.count)] }

    mutating func some(_ most: Int) -> Int { 1 + next(most) }

    var isEmpty: Bool { position >= bytes.count }
}

/// Makes valid policies, data and inputs. Names and constants come from small pools, so that tests
/// often hold and clauses often overlap.
struct PolicyGenerator {
    private var choices: Choices
    private var rules: [String] = []
    /// Rules that stand for a path or a constant.
    private var names: [String] = []
    private var functions: [String] = []
    private var variables = 0

    init(_ bytes: [UInt8]) { choices = Choices(bytes) }

    struct Case {
        var policy: String
        var data: String
        var inputs: [String]
    }

    static let maximumGroups = 5
    static let maximumClauses = 12

    mutating func make() -> Case {
        var text = "package t\n\n"
        for _ in 0..<choices.some(Self.maximumGroups) { text += group() + "\n" }
        let inputs = (0..<4).map { _ in input() }
        return Case(policy: text, data: "{\"d\": \(document(2))}", inputs: inputs)
    }

    // MARK: Rules

    private mutating func group() -> String {
        let number = rules.count + functions.count
        let clauses = choices.some(Self.maximumClauses)
        var lines: [String] = []
        switch choices.next(8) {
        case 6:
            // Names of paths and of constants, also of each other.
            for _ in 0..<choices.some(3) {
                let name = "n\(names.count)"
                lines.append("\(name) := \(choices.next(3) == 0 ? constant() : path())")
                names.append("data.t.\(name)")
            }
        case 0:
            for _ in 0..<clauses { lines.append("r\(number) if \(body())") }
            rules.append("r\(number)")
        case 1:
            if choices.next(2) == 0 { lines.append("default r\(number) := \(scalar())") }
            let value = scalar()
            for _ in 0..<clauses {
                let own = choices.next(4) == 0 ? scalar() : value
                let alternative = choices.next(6) == 0 ? " else := \(scalar()) if \(body())" : ""
                lines.append("r\(number) := \(own) if \(body())\(alternative)")
            }
            rules.append("r\(number)")
        case 2:
            for _ in 0..<clauses { lines.append("r\(number) contains \(key()) if \(body())") }
            rules.append("r\(number)")
        case 3:
            for _ in 0..<clauses {
                lines.append("r\(number)[\(string())] := \(scalar()) if \(body())")
            }
            rules.append("r\(number)")
        case 4:
            for _ in 0..<clauses {
                let value = choices.next(3) == 0 ? scalar() : "true"
                lines.append("f\(number)(\(parameter())) := \(value) if \(body(argument: "p"))")
            }
            // Called with several values, and with some of them again.
            let rule = "r\(number + 100)"
            lines.append(
                "\(rule) contains [x, f\(number)(x)] if some x in "
                    + "[\(path()), \(scalar()), \(path()), input.a, \(constant())]")
            rules.append(rule)
            functions.append("f\(number)")
        case 5:
            let (outer, inner, list) = (fresh(), fresh(), path())
            let head = choices.pick([inner, "[\(inner), 1]", "\(inner).a"])
            let test = choices.pick([
                "\(inner) == \(outer)", "\(outer) == \(inner).a", "\(inner)[_] = \(outer)",
                "\(list)[_] = \(outer)", "\(inner).a == \(outer); \(inner).b == \(outer)",
            ])
            let more = choices.next(2) == 0 ? "" : "; \(self.test(inner))"
            let body = "\(head) | some \(inner) in \(list)\(more); \(test)"
            let comprehension = choices.pick([
                "[\(body)]", "{\(body)}", "{\(inner): \(body)}", "{\(string()): \(body)}",
            ])
            lines.append(
                "r\(number) contains [\(outer), g] if { some \(outer) in "
                    + "[\(scalar()), \(path()), \(scalar()), \(path())]; g := \(comprehension) }")
            rules.append("r\(number)")
        default:
            for _ in 0..<clauses {
                let variable = fresh()
                lines.append(
                    "r\(number) contains \(variable) if { some \(variable) in \(path())"
                        + "; \(test(nil)) }")
            }
            rules.append("r\(number)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func parameter() -> String { "p" }

    private mutating func body(argument: String? = nil) -> String {
        let tests = (0..<choices.some(3)).map { _ in
            choices.next(5) == 0 ? sharing(argument) : test(argument)
        }
        return "{ " + tests.joined(separator: "; ") + " }"
    }

    private mutating func fresh() -> String {
        variables += 1
        return "x\(variables)"
    }

    // MARK: Tests

    private mutating func test(_ argument: String?) -> String {
        let path =
            argument.map { choices.next(2) == 0 ? $0 : $0 + choices.pick([".a", "[0]", ".b.c"]) }
            ?? self.path()
        switch choices.next(26) {
        case 0, 1, 2: return "\(path) == \(constant())"
        case 3: return "\(constant()) == \(path)"
        case 4: return "\(path) = \(constant())"
        case 5: return "\(path) in {\(scalar()), \(scalar()), \(scalar())}"
        case 6: return "\(path) in [\(scalar()), \(scalar())]"
        case 7: return "\(scalar()) in \(path)"
        case 8: return "\(path)[_] == \(scalar())"
        case 9, 10: return "startswith(\(path), \(string()))"
        case 11: return "endswith(\(path), \(string()))"
        case 12: return "strings.any_prefix_match(\(path), [\(string()), \(string())])"
        case 13: return "strings.any_suffix_match(\(path), {\(string()), \(string())})"
        case 14: return "glob.match(\(glob()), [\"/\"], \(path))"
        case 15: return path
        case 16: return "not \(path) == \(scalar())"
        case 17:
            let variable = fresh()
            return "\(variable) := \(path); \(variable) == \(constant())"
        case 18:
            let variable = fresh()
            return "some \(variable) in \(path); \(variable) == \(scalar())"
        case 19:
            let variable = fresh()
            return "\(path) = [\(variable), \(scalar())]"
        case 20:
            let variable = fresh()
            return "\(path) = {\(string()): \(scalar()), \"b\": \(variable)}"
        case 21: return rules.isEmpty ? "\(path) != \(scalar())" : "data.t.\(choices.pick(rules))"
        case 22: return functions.isEmpty ? "\(path) < 2" : "\(choices.pick(functions))(\(path))"
        case 23:
            if !names.isEmpty, choices.next(4) == 0 {
                return "\(choices.pick(names)) with \(choices.pick(names)) as \(constant())"
            }
            let rule = rules.isEmpty ? "input.a" : "data.t.\(choices.pick(rules))"
            return "\(rule) with input.\(choices.pick(["a", "b"])) as \(constant())"
        case 24:
            let variable = fresh()
            return
                "\(variable) := [y | some y in \(path); y != \(scalar())]; count(\(variable)) < 3"
        default:
            return "every y in \(path) { y != \(scalar()) }"
        }
    }

    /// Tests in which the same expression stands several times, in several scopes.
    private mutating func sharing(_ argument: String?) -> String {
        let (shared, other) = (expression(argument), expression(argument))
        let variable = fresh()
        switch choices.next(7) {
        case 0: return "\(shared) == \(shared)"
        case 1: return "\(variable) := \(shared); not \(other); \(shared) == \(variable)"
        case 2: return "not \(shared) == \(scalar()); \(shared) != \(scalar())"
        case 3:
            return "\(variable) := \(shared); "
                + "\(variable) == \(shared) with input.a as \(constant()); \(shared) == \(variable)"
        case 4: return "every y in [\(other), \(scalar())] { y != \(shared) }; \(shared)"
        case 5:
            return "\(variable) := [[y, \(shared)] | some y in [\(other), \(shared)]]; "
                + "count(\(variable)) > 0; \(shared)"
        default: return "some \(variable) in [\(shared), \(other)]; \(variable) == \(shared)"
        }
    }

    private mutating func expression(_ argument: String?) -> String {
        let path = argument ?? self.path()
        return choices.pick([
            path, "split(\(path), \(string()))", "count(\(path))", "[\(path), \(scalar())]",
            "\(path)[count(\(self.path())) - 1]", "{\(path): \(scalar())}", "\(path) + 1",
            functions.isEmpty ? path : "\(choices.pick(functions))(\(path))",
            rules.isEmpty ? path : "data.t.\(choices.pick(rules))", "(\(path) == \(scalar()))",
        ])
    }

    private mutating func path() -> String {
        if !names.isEmpty, choices.next(4) == 0 {
            return choices.pick(names) + choices.pick(["", "", ".a", "[0]", ".d"])
        }
        return choices.pick([
            "input.a", "input.a", "input.b", "input.c.d", "input.list", "input.obj", "input.obj.a",
            "input.list[0]", "data.d", "data.d.a", "data.d.b", "input",
        ])
    }

    private mutating func glob() -> String {
        choices.pick([
            "\"a*\"", "\"*b\"", "\"/x/*\"", "\"/x/*/z\"", "\"ab\"", "\"a?c\"", "\"{a,b}c\"",
            "\"**\"",
        ])
    }

    // MARK: Values

    private mutating func string() -> String {
        choices.pick([
            "\"a\"", "\"ab\"", "\"abc\"", "\"b\"", "\"c\"", "\"/x\"", "\"/x/y\"", "\"/x/y/z\"",
            "\"\"",
            "\"é\"",
        ])
    }

    private mutating func scalar() -> String {
        switch choices.next(6) {
        case 0: choices.pick(["1", "2", "1.0", "0", "1e1", "10"])
        case 1: choices.pick(["true", "false", "null"])
        default: string()
        }
    }

    private mutating func key() -> String { choices.next(4) == 0 ? constant() : string() }

    private mutating func constant() -> String {
        switch choices.next(8) {
        case 0: "[\(scalar()), \(scalar())]"
        case 1: "{\(string()): \(scalar())}"
        default: scalar()
        }
    }

    private mutating func document(_ depth: Int) -> String {
        guard depth > 0 else { return scalar() }
        switch choices.next(4) {
        case 0: return "[\(document(depth - 1)), \(document(depth - 1))]"
        case 1: return "{\"a\": \(document(depth - 1)), \"b\": \(document(depth - 1))}"
        default: return scalar()
        }
    }

    private mutating func input() -> String {
        "{\"a\": \(document(2)), \"b\": \(document(1)), \"c\": {\"d\": \(document(2))}, "
            + "\"list\": [\(scalar()), \(scalar()), \(document(1))], "
            + "\"obj\": {\"a\": \(document(1)), \"z\": \(scalar())}}"
    }
}
