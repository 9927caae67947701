// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

// Any text as a policy: it is refused with a location, or compiles, passes the verifier and runs
// under small limits. A line `---` ends the policy; a JSON input follows.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRegoCompiler(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    var policy = text
    var input = "{\"a\": [1, \"b\"], \"b\": {\"c\": null}}"
    if let cut = text.range(ofLine: "---") {
        policy = String(text[..<cut.lowerBound])
        input = String(text[cut.upperBound...])
    }
    let item = PolicyGenerator.Case(
        policy: policy, data: "{\"d\": {\"a\": [1, 2]}}", inputs: [input])
    var run = PolicyRun()
    run.workLimit = 50_000
    for outcome in run.outcomes(item) {
        // The compiler never makes what the verifier refuses.
        if case .refused(let reason) = outcome, reason.contains("error: program_"),
            !reason.contains("error: program_limit")
        {
            fatalError("\(reason)\n\(policy)")
        }
    }
    return 0
}

extension String {
    /// The first line that is `line`, with the line break before it.
    fileprivate func range(ofLine line: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            let end = self[start...].firstIndex(of: "\n") ?? endIndex
            if self[start..<end] == line { return start..<end }
            start = end == endIndex ? end : index(after: end)
        }
        return nil
    }
}
