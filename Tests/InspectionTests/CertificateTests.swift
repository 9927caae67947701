// SPDX-License-Identifier: Apache-2.0
import Authorization
import Testing

@testable import Inspection

@Suite struct CertificateTests {
    private let agent = "spiffe://acme.example/a"

    private func id(_ principal: String, _ certificate: String) -> String {
        let request = SampleRequest(principal: principal)
        request.context.source.certificate = SampleRequest.bytes(certificate)
        return AgentIdentifier().identify(request.context, CertificateMemory()).id.string
    }

    @Test func exactlyOneName() {
        #expect(id(agent, SampleCertificate.one) == agent)
        #expect(id(agent, SampleCertificate.mixed) == agent)
        #expect(id(agent, "") == agent)
        #expect(id(agent, SampleCertificate.two) == "")
        #expect(id("spiffe://acme.example/b", SampleCertificate.two) == "")
    }

    @Test func principalIsTheCertificates() {
        #expect(id("spiffe://acme.example/other", SampleCertificate.one) == "")
        #expect(id(agent, SampleCertificate.dns) == "")
        #expect(id(agent, SampleCertificate.none) == "")
        #expect(id("agent.acme.example", SampleCertificate.dns) == "agent.acme.example")
        #expect(id("CN=none", SampleCertificate.none) == "CN=none")
        #expect(id("x.example", SampleCertificate.mixed) == "")
    }

    @Test func whatIsNoCertificate() {
        let cut = String(SampleCertificate.one.prefix(300))
        let long = String(repeating: "A", count: Limits.certificateBytes + 1)
        for text in ["x", "%", "%zz", cut, long, "-----BEGIN%20CERTIFICATE-----%0A"] {
            #expect(id(agent, text) == "")
        }
    }

    @Test func certificatesAreRemembered() {
        let memory = CertificateMemory()
        let texts = [SampleCertificate.one, SampleCertificate.two, SampleCertificate.mixed]
        for _ in 0..<3 {
            for (index, text) in texts.enumerated() {
                let isConfirmed = memory.confirms(
                    SampleRequest.bytes(agent), SampleRequest.bytes(text))
                #expect(isConfirmed == (index != 1))
            }
        }
    }
}

@Suite struct ForwardedCertificateTests {
    @Test(
        arguments: [
            ("By=spiffe://m/x;Hash=ab;URI=spiffe://acme.example/a", "spiffe://acme.example/a"),
            (
                "URI=spiffe://evil/x,By=spiffe://m/x;URI=spiffe://acme.example/a",
                "spiffe://acme.example/a"
            ),
            (#"Subject="CN=a,URI=b;URI=c";URI=spiffe://acme.example/a"#, "spiffe://acme.example/a"),
            (#"uri="spiffe://acme.example/a""#, "spiffe://acme.example/a"),
            ("URI=spiffe://a/b;URI=spiffe://a/c", nil), ("By=x;Hash=y", nil), ("", nil),
            ("URI=spiffe://a/b,Hash=x", nil), (#"URI="spiffe://a/b"#, nil),
            (#"Subject="\";URI=spiffe://a/b"#, nil),
        ] as [(String, String?)])
    func lastElement(_ header: String, _ name: String?) {
        #expect(ForwardedCertificate.name(SampleRequest.bytes(header))?.string == name)
    }

    private func id(_ trust: String?, principal: String = "") -> String {
        let request = SampleRequest(
            headers: [("x-forwarded-client-cert", "URI=spiffe://acme.example/a")],
            principal: principal)
        if let trust {
            request.context.contextExtensions.append(
                .init(
                    key: SampleRequest.bytes("portcullis.xfcc"), value: SampleRequest.bytes(trust)))
        }
        return AgentIdentifier().identify(request.context, CertificateMemory()).id.string
    }

    @Test func onlyWhereTheListenerSaysSo() {
        #expect(id(nil) == "")
        #expect(id("no") == "")
        #expect(id("trusted") == "spiffe://acme.example/a")
        #expect(id("trusted", principal: "spiffe://acme.example/b") == "spiffe://acme.example/b")
    }
}
