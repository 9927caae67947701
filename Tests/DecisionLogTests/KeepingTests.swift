// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import Testing
import TransparencyLog

@testable import DecisionLog

@Suite("changes of the key")
struct KeyRotationTests {
    private let next = LogFixture.makeSigner("next")

    private func filled() throws -> LogFixture {
        let fixture = LogFixture()
        let log = try fixture.open()
        let writer = log.makeWriter()
        try fixture.commit(300, log, writer)
        try log.publish()
        try fixture.commit(20, log, writer)
        fixture.crash()
        return fixture
    }

    private func rotate(_ fixture: LogFixture) throws(LogError) {
        try KeyRotation.run(
            fixture.folders, from: LogFixture.signer, to: next, fixture.configuration)
    }

    @Test("the new key signs, and the statement leads from the old one to it")
    func rotates() throws {
        let fixture = try filled()
        try rotate(fixture)
        let log = try fixture.open(next)
        let writer = log.makeWriter()
        try fixture.commit(5, log, writer)
        try log.close()
        let tiles = StorageTiles(fixture.log)
        let chain = try KeySuccession.chain(from: LogFixture.signer.verifierKey, in: tiles)
        #expect(chain.map(\.new.text) == [next.verifierKey.text])
        #expect(chain[0].checkpoint.size == 320)
        var verifier = LogVerifier(keys: [LogFixture.signer.verifierKey] + chain.map(\.new))
        verifier.saved = [chain[0].checkpoint]
        #expect(try verifier.verify(tiles).checkpoint.size == 325)
        #expect(throws: TransparencyError.self) {
            try LogVerifier(key: LogFixture.signer.verifierKey).verify(tiles)
        }
    }

    @Test("killed anywhere, one of the keys opens the log, and it can be done again")
    func killed() throws {
        var target = 0
        var isDone = false
        while !isDone {
            let fixture = try filled()
            fixture.faults.plan(.killedAfter, at: target, number: EIO)
            try? rotate(fixture)
            isDone = !fixture.faults.isDead
            fixture.crash()
            let isOpen = [LogFixture.signer, next].contains { signer in
                do {
                    try fixture.open(signer).close()
                    return true
                } catch { return false }
            }
            #expect(isOpen, "killed at \(target)")
            if (try? fixture.open(LogFixture.signer).close()) != nil { try rotate(fixture) }
            try fixture.open(next).close()
            target += 1
        }
        #expect(target > 20)
    }

    @Test("not while a server has the log")
    func locked() throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        #expect(throws: LogError.self) { try rotate(fixture) }
        try log.close()
    }
}
