// SPDX-License-Identifier: Apache-2.0
import Foundation
import RegoCompiler
import TestSupport
import Testing

/// Any text gives a tree or a located error, in bounded time, stack and memory.
@Suite struct SyntaxRobustnessTests {
    // MARK: Nesting

    /// Texts made of an opening, a middle and a closing part, the outer ones repeated.
    static let nested: [(String, String, String)] = [
        ("[", "1", "]"), ("{", "1", "}"), ("(", "1", ")"), ("{\"a\": ", "1", "}"), ("{", "", ""),
        ("[x | x := ", "1", "]"), ("{x: [", "1", "]}"), ("f(", "1", ")"), ("a[", "1", "]"),
        ("$\"{", "1", "}\""), ("{1 | ", "2", ", 3}"), ("[a | b == ", "2", ", 3]"),
        ("{a: b | ", "2", ", c: d}"), ("{{x: y | ", "2", "}: {z}, 3}"), ("{1 + ", "1", "}"),
        ("", "1", " + 1"), ("1 + ", "1", ""), ("", "f(x)", "[0]"), ("", "f", "(x)"),
        ("x, ", "x", " in y"), ("", "x", " in y"), ("-", "x", ""), ("-", "1", ""), ("", "a", ".b"),
        ("[1, [", "2", "], 3]"), ("{k: {k, ", "v", "}}"), ("(a | ", "b", ")"),
        ("every x in y { ", "z", " }"), ("not {", "z", "}"), ("not (", "z", ")"),
        ("{ ", "x", " } and y"), ("(", "x", " or y)"), ("", "x", " and y"), ("x or ", "x", ""),
        ("{ {x} and ", "x", " }"), ("((a with b as ", "c", ") and d)"), ("not ", "x", ""),
        ("x with y as ", "z", " with y as z"), ("some x in ", "y", ""), ("(not ", "x", ")"),
    ]

    @Test func endsOnNestedTexts() throws {
        try onSmallStack {
            for (opening, middle, closing) in Self.nested {
                for count in [10, 150, 250, 1_000, 5_000] {
                    let text =
                        String(repeating: opening, count: count) + middle
                        + String(repeating: closing, count: count)
                    attempt(text)
                    attempt(String(repeating: opening, count: count))
                }
            }
        }
    }

    /// The height of trees is bounded also where operands repeat at every level.
    @Test func boundsHeight() {
        var text = "x"
        for _ in 0..<100 { text = "(\(text)" + String(repeating: " + x", count: 100) + ")" }
        let failure = #expect(throws: CompilationFailure.self) {
            try Parser.parseTerm(Source(name: "", text: text))
        }
        #expect(failure?.diagnostics.first?.message == "max parsing recursion depth exceeded")
    }

    @Test func boundsElseBranches() throws {
        @Sendable func module(_ count: Int) -> Source {
            let branches = String(repeating: " else := 2 if false", count: count)
            return Source(name: "", text: "package a\np := 1 if false" + branches)
        }
        try onSmallStack {
            #expect(throws: Never.self) {
                try Parser.parse(module(SyntaxLimits.default.elseBranches), file: 0)
            }
            #expect(throws: CompilationFailure.self) {
                try Parser.parse(module(SyntaxLimits.default.elseBranches + 1), file: 0)
            }
        }
    }

    @Test func boundsSizeAndTokens() {
        var limits = SyntaxLimits()
        limits.sourceSize = 100
        let long = Source(name: "", text: "package a\n" + String(repeating: "#", count: 100))
        let tooLarge = #expect(throws: CompilationFailure.self) {
            try Parser.parse(long, file: 0, limits: limits)
        }
        #expect(tooLarge?.diagnostics.first?.message.hasPrefix("source too large") == true)
        limits.tokens = 20
        let many = Source(name: "", text: "package a\np := [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]")
        let tooMany = #expect(throws: CompilationFailure.self) {
            try Parser.parse(many, file: 0, limits: limits)
        }
        #expect(tooMany?.diagnostics.first?.message == "too many tokens")
    }

    // MARK: Mutations

    /// Changes conformance modules at random, from a fixed seed.
    @Test func endsOnMutatedModules() throws {
        struct Case: Decodable { var modules: [String]? }
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(SharedFolder.read("rego/cases-v1.json")))
        let modules = cases.flatMap { $0.modules ?? [] }.filter { $0.utf8.count < 4_000 }
        var random = SplitMix(state: 42)
        for round in 0..<4_000 {
            var text = Array(modules[random.below(modules.count)].utf8)
            for _ in 0...random.below(4) {
                mutate(&text, modules[random.below(modules.count)], &random)
            }
            let version: RegoVersion = round % 3 == 0 ? .v0 : .v1
            let source = Source(name: "", text: String(decoding: text, as: UTF8.self))
            checkModule(source, version, round % 2 == 0 ? .all : [])
        }
    }

    private func mutate(_ text: inout [UInt8], _ other: String, _ random: inout SplitMix) {
        guard !text.isEmpty else { return }
        let place = random.below(text.count)
        let length = min(random.below(12), text.count - place)
        switch random.below(5) {
        case 0: text.removeSubrange(place..<(place + length))
        case 1: text.insert(contentsOf: text[place..<(place + length)], at: random.below(place + 1))
        case 2: text[place] = UInt8(random.below(256))
        case 3:
            let signs = Array("{}[]()|:;,.=\"`$\\\n #-_".utf8)
            text.insert(signs[random.below(signs.count)], at: place)
        default:
            let donor = Array(other.utf8)
            let from = random.below(donor.count)
            text.insert(contentsOf: donor[from..<min(from + 20, donor.count)], at: place)
        }
    }

    private func checkModule(
        _ source: Source, _ version: RegoVersion, _ keywords: FutureKeywords
    ) {
        do {
            _ = try Parser.parse(source, file: 0, version: version, keywords: keywords)
        } catch {
            check(error, source)
        }
    }

    private func check(_ failure: CompilationFailure, _ source: Source) {
        let diagnostics = failure.diagnostics
        #expect((1...SyntaxLimits.default.diagnostics).contains(diagnostics.count))
        for diagnostic in diagnostics {
            let place = diagnostic.location
            #expect(place.start >= 0 && place.start <= place.end)
            #expect(Int(place.end) <= source.text.utf8.count)
            #expect(!diagnostic.message.isEmpty)
            #expect(!DiagnosticRenderer([source], style: .full).render(diagnostic).isEmpty)
        }
        let starts = diagnostics.map(\.location.start)
        #expect(starts == starts.sorted())
    }

    /// Reads a text as query and within a module.
    private func attempt(_ text: String) {
        let query = Source(name: "", text: text)
        do {
            _ = try Parser.parseBody(query, keywords: .all)
        } catch {
            check(error, query)
        }
        checkModule(Source(name: "", text: "package a\np if { \(text)\n}\n"), .v1, .all)
        checkModule(Source(name: "", text: "package a\np := \(text)\n"), .v0, [])
    }

    // MARK: Stack

    /// The smallest stack that the parser promises to do with; debug code takes more.
    #if DEBUG
        static let stackSize = 2 << 20
    #else
        static let stackSize = 512 << 10
    #endif

    private func onSmallStack(_ work: @escaping @Sendable () -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            work()
            done.signal()
        }
        thread.stackSize = Self.stackSize
        thread.start()
        #expect(done.wait(timeout: .now() + 60) == .success)
    }
}

/// A small generator, the same everywhere for one seed.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
