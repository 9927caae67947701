// SPDX-License-Identifier: Apache-2.0

/// What is kept back of a check's time to record and send its answer, when something is waited for:
/// Envoy takes an answer that comes after its timeout for an outage, and a busy machine lets timers
/// and threads wait.
enum AnswerTime {
    /// The part of a check's time, and nanoseconds of it at most.
    private static let share: UInt64 = 8
    private static let longest: UInt64 = 250_000_000

    /// When waiting must end for a check that comes now with this deadline; monotonic nanoseconds.
    static func end(of deadline: UInt64, now: UInt64) -> UInt64 {
        let left = deadline > now ? deadline - now : 0
        return deadline - min(left / share, longest)
    }
}
