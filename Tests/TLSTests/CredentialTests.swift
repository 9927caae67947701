// SPDX-License-Identifier: Apache-2.0
import TLS
import TLSClient
import Testing

@Suite struct CredentialTests {
    private func refusal(_ change: (inout CredentialTexts) -> Void) -> CredentialError.Code? {
        var texts = Fixture.texts()
        change(&texts)
        do throws(CredentialError) {
            _ = try ServerCredentials(texts)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func whatCannotBeUsedIsNamed() {
        let words = Array("nothing that helps\n".utf8)
        let begun = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        var expired = TestNames.server
        expired.ends = -10
        let late = Fixture.authority.issue(expired)
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.certificate = [] } == .certificate)
        #expect(refusal { $0.certificate = words } == .certificate)
        #expect(refusal { $0.certificate += begun } == .certificate)
        #expect(refusal { $0.certificate = [UInt8](repeating: 10, count: 2 << 20) } == .certificate)
        #expect(refusal { ($0.certificate, $0.key) = (late.certificate, late.key) } == .certificate)
        #expect(refusal { $0.key = [] } == .key)
        #expect(refusal { $0.key = words } == .key)
        #expect(refusal { $0.key = Fixture.gateway.key } == .key)
        #expect(refusal { $0.key = TestAuthority.encryptedKey() } == .key)
        #expect(refusal { $0.clientAuthorities = [] } == .authorities)
        #expect(refusal { $0.clientAuthorities = words } == .authorities)
        #expect(refusal { $0.clientAuthorities? += begun } == .authorities)
        #expect(refusal { $0.clientAuthorities = $0.key } == .authorities)
    }

    @Test func commentsAndChainsAreTaken() throws {
        var texts = Fixture.texts()
        let comment = Array("# ours\n".utf8)
        texts.certificate = comment + texts.certificate + Fixture.authority.certificate
        texts.clientAuthorities = Fixture.other.certificate + Fixture.authority.certificate
        let pair = try Pair(try ServerCredentials(texts), TestClient.Options(Fixture.gateway))
        pair.talk()
        #expect(pair.server.isOpen)
    }

    @Test func whoGetsInIsCompared() throws {
        let first = try Fixture.credentials()
        var texts = Fixture.texts()
        let next = Fixture.authority.issue(.server)
        (texts.certificate, texts.key) = (next.certificate, next.key)
        #expect(first.admitsSame(as: try ServerCredentials(texts)))
        texts.clientAuthorities? += Fixture.other.certificate
        #expect(!first.admitsSame(as: try ServerCredentials(texts)))
        #expect(!first.admitsSame(as: try ServerCredentials(Fixture.texts(clients: nil))))
    }

    @Test func connectionsKeepWhatTheyBeganWith() throws {
        let current = CurrentCredentials(try Fixture.credentials())
        let session = try #require(TLSSession.open(current.now))
        let last = current.replace(try Fixture.credentials())
        #expect(session.credentials === last)
        #expect(current.now !== last)
        session.close()
    }
}
