// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Synchronization
import Testing

@testable import portcullis

@Suite struct PeriodicThreadTests {
    @Test func callsAgainAndAgain() throws {
        let calls = Atomic(0)
        let signal = Signal()
        let thread = PeriodicThread()
        try thread.start(name: "test", interval: 1_000_000) {
            if calls.add(1, ordering: .relaxed).newValue == 3 { signal.raise() }
        }
        signal.wait(until: nil)
        thread.stop()
        let count = calls.load(ordering: .relaxed)
        usleep(20_000)
        #expect(calls.load(ordering: .relaxed) == count)
    }

    /// The test would not end otherwise.
    @Test func stopsInTheMiddleOfItsWait() throws {
        let thread = PeriodicThread()
        try thread.start(name: "test", interval: 3_600_000_000_000) {}
        thread.stop()
    }
}
