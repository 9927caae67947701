// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import portcullis

@Suite struct OutputPauseTests {
    @Test func endsWhenTheReaderIsGone() {
        var ends: [Int32] = [0, 0]
        // Processes that other tests start must not keep the reader's end open.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        #expect(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        #expect(Output.pause(1_000_000, descriptor: ends[1]))
        close(ends[0])
        #expect(!Output.pause(3_600_000_000_000, descriptor: ends[1]))
        close(ends[1])
    }

    @Test func filesAreAlwaysRead() {
        let file = open("/dev/null", O_WRONLY)
        #expect(Output.pause(1_000_000, descriptor: file))
        close(file)
    }
}
