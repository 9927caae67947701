// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// `test.sleep(duration)`, which OPA's own runner has besides the language's builtins.
enum SleepBuiltin {
    static let builtin = Builtin("test.sleep", "string -> null") {
        _, operands throws(BuiltinError) in
        let text = try operands.string(0).asString ?? ""
        guard text.hasSuffix("ms"), let milliseconds = Int64(text.dropLast(2)) else {
            throw .failed("expected milliseconds, got `\(text)`")
        }
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(milliseconds)
        while clock.now < end {}
        return .null
    }
}
