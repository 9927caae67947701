// SPDX-License-Identifier: Apache-2.0

// Reads any bytes as a Rego module, a query and a term.
//
// Build and run for a minute, from the folder of Package.swift:
//
//     swiftc -O -parse-as-library -sanitize=fuzzer,address -use-ld=lld \
//         -o .build/rego-parser-fuzz Fuzz/RegoParserFuzz.swift Sources/RegoCompiler/Syntax/*.swift
//     mkdir -p .build/rego-parser-corpus
//     .build/rego-parser-fuzz -max_total_time=60 -max_len=4096 -timeout=5 \
//         .build/rego-parser-corpus Tests/Golden/Syntax
//
// New inputs go to the first folder; the golden files are seeds. The first byte chooses version and
// keywords. The parser's sources are compiled into the target: they import nothing.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRegoParser(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let options = bytes[0]
    let text = String(decoding: bytes[1...], as: UTF8.self)
    let source = Source(name: "fuzz.rego", text: text)
    let version: RegoVersion = options & 1 == 0 ? .v1 : .v0
    let keywords = FutureKeywords(rawValue: options >> 1).intersection(.all)
    do {
        _ = try Parser.parse(source, file: 0, version: version, keywords: keywords)
    } catch {
        check(error, source)
    }
    do {
        _ = try Parser.parseBody(source, version: version, keywords: keywords)
    } catch {
        check(error, source)
    }
    _ = try? Parser.parseTerm(source, version: version, keywords: keywords)
    return 0
}

/// What holds of every failure: few diagnostics, inside the text, that can be shown.
private func check(_ failure: CompilationFailure, _ source: Source) {
    let diagnostics = failure.diagnostics
    precondition(!diagnostics.isEmpty && diagnostics.count <= SyntaxLimits.default.diagnostics)
    let size = source.text.utf8.count
    for diagnostic in diagnostics {
        let place = diagnostic.location
        precondition(0 <= place.start && place.start <= place.end && Int(place.end) <= size)
    }
    precondition(!DiagnosticRenderer([source], style: .full).render(failure).isEmpty)
}
