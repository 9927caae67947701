// SPDX-License-Identifier: Apache-2.0

import Glibc

// Benchmarks without a network: `bench policy` prints the engine's table, `bench check` the cost of
// one check, `bench threat` that of looking it up in threat lists, `bench log` what the log takes.

let words = CommandLine.arguments.dropFirst()
switch words.first {
case "policy":
    if try !PolicyBenchmark.run() { exit(1) }
case "log":
    do {
        if try !LogBenchmark.run(words.dropFirst()) { exit(1) }
    } catch {
        print("bench log: \(error)")
        exit(1)
    }
case "check": try CheckBenchmark.run(words.dropFirst())
case "threat": try ThreatBenchmark.run(words.dropFirst())
case "context": if try !ContextBenchmark.run(words.dropFirst()) { exit(1) }
default:
    print(
        "usage: bench policy | bench log [FOLDER [SECONDS]] | bench context [AGENTS]"
            + " | bench check FRAME ROUNDS ENTRYPOINT PATH..."
            + " | bench threat FRAME ROUNDS ENTRIES PATH...")
}
