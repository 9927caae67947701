// SPDX-License-Identifier: Apache-2.0

import Glibc

// Benchmarks without a network: `bench policy` prints the engine's table, `bench check` the cost of
// one check, `bench threat` that of looking it up in threat lists.

let words = CommandLine.arguments.dropFirst()
switch words.first {
case "policy":
    if try !PolicyBenchmark.run() { exit(1) }
case "check": try CheckBenchmark.run(words.dropFirst())
case "threat": try ThreatBenchmark.run(words.dropFirst())
default:
    print(
        "usage: bench policy | bench check FRAME ROUNDS ENTRYPOINT PATH..."
            + " | bench threat FRAME ROUNDS ENTRIES PATH...")
}
