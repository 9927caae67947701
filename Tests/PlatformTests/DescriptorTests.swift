// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Synchronization
import Testing

@Suite struct DescriptorTests {
    @Test func descriptorClosesItselfUnlessReleased() {
        let number = open("/dev/null", O_RDONLY)
        do {
            let owned = Descriptor(owning: number)
            #expect(fcntl(owned.number, F_GETFD) >= 0)
            #expect(owned.release() == number)
        }
        #expect(fcntl(number, F_GETFD) >= 0)
        _ = Descriptor(owning: number)
        #expect(fcntl(number, F_GETFD) == -1)
    }

    @Test func errorsNameTheCallAndTheSubject() {
        #expect(throws: SystemError(call: "listen", subject: "[::1]:80", number: EACCES)) {
            _ = try checked(-EACCES, "listen", on: "[::1]:80")
        }
        let error = SystemError(call: "listen", subject: "[::1]:80", number: EACCES)
        #expect(error.description == "listen `[::1]:80`: Permission denied (errno 13)")
    }

    @Test func threadsRunAndAreJoined() throws {
        let sum = Mutex(0)
        let threads = try (1...4).map { number in
            try SystemThread.start(name: "test-\(number)") { sum.withLock { $0 += number } }
        }
        for thread in threads { thread.join() }
        #expect(sum.withLock { $0 } == 10)
    }

    @Test func monotonicTimeGoesOn() {
        let first = MonotonicTime.now()
        usleep(2000)
        #expect(MonotonicTime.now() >= first + 2 * MonotonicTime.millisecond)
    }
}
