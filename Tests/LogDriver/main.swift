// SPDX-License-Identifier: Apache-2.0
import DecisionLog
import Glibc

// A process of its own around a log: for tests that kill it, and for measuring.
//
//   log-driver append FOLDER buffered|durable THREADS    until it is killed
//   log-driver recover FOLDER                            start, and close in order
//   log-driver bench FOLDER buffered|durable SECONDS     records of 1 KB
//   log-driver verify FOLDER                             how fast

signal(SIGPIPE, SIG_IGN)
let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: log-driver append|recover|bench|verify FOLDER [buffered|durable] [NUMBER]")
    exit(1)
}
let durability: LogConfiguration.Durability =
    arguments.count > 3 && arguments[3] == "durable" ? .durable : .buffered
let number = arguments.count > 4 ? Int(arguments[4]) ?? 1 : 1
do {
    switch arguments[1] {
    case "append": try appendUntilKilled(arguments[2], durability, threads: number)
    case "recover": try openLog(arguments[2], .buffered).close()
    case "bench": try measureAppending(arguments[2], durability, seconds: number)
    case "verify": try measureVerification(arguments[2])
    default: print("no such command `\(arguments[1])`")
    }
} catch {
    print("failed: \(error)")
    exit(1)
}
