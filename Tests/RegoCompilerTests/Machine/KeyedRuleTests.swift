// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import Testing

@testable import RegoVM

/// Rules that depend on nothing but a key are evaluated once for each key, and nobody can tell.
@Suite struct KeyedRuleTests {
    static let key: [[Value]] = [[.string("who")]]

    static let policy = """
        package t
        roles contains role if some role in data.agents[input.who].roles
        known if count(roles) > 0
        tools contains tool if { some role in roles; some tool in data.roles[role] }
        listed[role] := count(data.roles[role]) if some role in roles
        # All others are evaluated each time: for what they read, or because that costs nothing.
        name := input.who
        asks contains path if { some path in data.paths; path == input.path }
        asked if count(asks) > 0
        late if { some role in roles; time.now_ns() > 7; role != "" }
        traced if { some role in roles; trace(role) }
        other if { some role in ["a"]; role in roles with input.who as "b" }
        first := tools if input.path == "/a"
        first := roles if input.path != "/a"
        """

    let owner: AnyObject
    let policyObject: Policy
    let memory = Arena(limit: .max)

    init() throws {
        let module = try Parser.parse(Source(name: "t.rego", text: Self.policy), file: 0)
        let output = try Compiler().compile([module])
        let roles = #""roles": {"r": ["read", "list"], "w": ["write"]}"#
        let agents = #""agents": {"a": {"roles": ["r", "w"]}, "b": {"roles": ["r"]}}"#
        let data = try #require(
            PolicyRun.json(#"{\#(roles), \#(agents), "paths": ["/a", "/b"]}"#, memory))
        owner = output.owner
        policyObject = try Policy.load(
            program: output.program, data: data, revision: "", owners: [output.owner])
    }

    private func kept(excluded: Set<Int> = []) -> Set<String> {
        let program = policyObject.program
        let rules = KeyedRules(program, key: Self.key, excluded: excluded)
        return Set(
            program.rules.indices.filter { rules.places[$0] >= 0 }
                .compactMap { program.rules[$0].path.last?.asString })
    }

    private func index(of rule: String) throws -> Int {
        try #require(
            policyObject.program.rules.firstIndex { $0.path.last?.asString == rule })
    }

    private func evaluate(
        _ machine: Machine, _ who: String, _ path: String = "/a", isKeyed: Bool = true
    ) throws -> String {
        machine.evaluation.begin(now: 8)
        let text = #"{"who": "\#(who)", "path": "\#(path)"}"#
        let input = try #require(PolicyRun.json(text, memory))
        machine.begin(TreeInput(input), isKeyed: isKeyed)
        return try machine.evaluate(try #require(policyObject.program.entrypoints["t"]))
            .description
    }

    private func machine(isKeyed: Bool = true) -> Machine {
        let rules = isKeyed ? KeyedRules(policyObject.program, key: Self.key) : nil
        return Machine(policyObject, evaluation: Evaluation(), keyed: rules)
    }

    @Test func findsRulesOfTheKeyAlone() {
        #expect(kept() == ["roles", "known", "tools", "listed"])
    }

    @Test func leavesOutWhatMustBeEvaluated() throws {
        #expect(try kept(excluded: [index(of: "tools")]) == ["roles", "known", "listed"])
        // What asks for one of them has to ask.
        #expect(try kept(excluded: [index(of: "roles")]).isEmpty)
    }

    @Test func givesWhatEvaluatingGives() throws {
        let keyed = machine()
        let plain = machine(isKeyed: false)
        for who in ["a", "b", "a", "nobody", "", "b", "a"] {
            for path in ["/a", "/b", "/c"] {
                let expected = try evaluate(plain, who, path)
                #expect(try evaluate(keyed, who, path) == expected)
            }
        }
    }

    @Test func keepsValuesFromDecisionToDecision() throws {
        let machine = machine()
        _ = try evaluate(machine, "a")
        let entry = try #require(machine.currentKey)
        #expect(entry.pointee.known.nonzeroBitCount == 4)
        let roles = try #require(machine.keyed.map { _ in entry.pointee.values[0] })
        _ = try evaluate(machine, "a", "/b")
        #expect(machine.currentKey == entry)
        #expect(entry.pointee.values[0].bits == roles.bits, "the very same value")
        // An evaluation of another kind leaves it alone.
        _ = try evaluate(machine, "b", isKeyed: false)
        #expect(machine.currentKey == nil)
        #expect(entry.pointee.key[0].equals("a"))
    }

    /// More keys than there is room for take each other's places.
    @Test func boundsTheKeys() throws {
        let keyed = machine()
        let plain = machine(isKeyed: false)
        for number in 0..<(Limits.keyedKeys * 4) {
            let who = number % 3 == 0 ? "a" : "agent-\(number)"
            let expected = try evaluate(plain, who)
            #expect(try evaluate(keyed, who) == expected)
        }
    }

    @Test func keepsNoLongKeys() throws {
        let machine = machine()
        let who = String(repeating: "x", count: Limits.keyBytes + 1)
        let expected = try evaluate(self.machine(isKeyed: false), who)
        #expect(try evaluate(machine, who) == expected)
        #expect(machine.currentKey == nil)
        _ = try evaluate(machine, String(who.dropLast()))
        #expect(machine.currentKey != nil)
    }

    /// A value that does not fit is evaluated each time.
    @Test func boundsTheValues() throws {
        let value = memory.array((0..<200).map { .integer($0) })
        let entry = try #require(
            KeyedValues(KeyedRules(policyObject.program, key: Self.key)).entry(
                UnsafePointer(memory.array([.string("a")]).elements.baseAddress!)))
        entry.keep(value, work: 1, at: 0)
        #expect(entry.value(at: 0) == nil)
        entry.keep(memory.array([.string("a"), .integer(1)]), work: 5, at: 1)
        let kept = try #require(entry.value(at: 1))
        #expect(kept.value.description == #"["a",1]"#)
        #expect(kept.work == 5)
    }

    @Test(arguments: [5, 6, 7] as [UInt64], [["a"], ["b"], ["a", "b"]])
    func changesNoResult(seed: UInt64, names: [String]) {
        var random = SeededGenerator(seed)
        var plain = PolicyRun()
        plain.rounds = 3
        var keyed = plain
        keyed.key = names.map { [memory.string($0)] }
        for _ in 0..<OptimisationDifferentialTests.casesPerSeed {
            var generator = PolicyGenerator(random.bytes(400))
            let item = generator.make()
            for (left, right) in zip(plain.outcomes(item), keyed.outcomes(item))
            where !left.isLimit && !right.isLimit {
                #expect(left == right, "\(item.policy)\n\(item.data)\n\(item.inputs)")
                if left != right { return }
            }
        }
    }
}
