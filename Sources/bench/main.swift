// SPDX-License-Identifier: Apache-2.0

// Benchmarks: `bench policy` prints the engine's table.

switch CommandLine.arguments.dropFirst().first {
case "policy": try PolicyBenchmark.run()
default: print("usage: bench policy")
}
