// SPDX-License-Identifier: Apache-2.0
import RegoCompiler
import RegoVM

// Makes a valid policy, data and inputs from bytes, and runs the policy with and without what the
// compiler and the memory of answers do for speed: both give the same results.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRegoMachine(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var generator = PolicyGenerator(Array(UnsafeBufferPointer(start: start, count: count)))
    let item = generator.make()
    var without = PolicyRun()
    without.options.usesIndex = false
    without.options.stopsEarly = false
    without.options.remembersRules = false
    without.options.remembersCalls = false
    without.options.indexesComprehensions = false
    without.options.sharesExpressions = false
    without.rounds = 2
    var with = PolicyRun()
    with.rounds = 2
    with.answerMemory = 100_000
    for (left, right) in zip(with.outcomes(item), without.outcomes(item)) {
        if left.isLimit || right.isLimit { continue }
        guard left == right else {
            fatalError("\(left) and \(right)\n\(item.policy)\n\(item.data)")
        }
        // What the type checker knows of rules and data is more than the generator does.
        if case .refused(let reason) = left, !reason.contains("rego_type_error") {
            fatalError("not valid: \(reason)\n\(item.policy)")
        }
    }
    return 0
}
