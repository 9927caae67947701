// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM
import Testing

@testable import Inspection

@Suite struct PrincipalTests {
    private let agent = "spiffe://acme.example/agent"

    private func value(
        _ key: AgentIdentity.Key, metadata: String = "{}", headers: [(String, String)] = []
    ) -> String {
        let request = SampleRequest(headers: headers, principal: agent)
        let identity = AgentIdentifier().identify(request.context, CertificateMemory())
        let value = request.principals(identity, metadata: metadata).value(of: key)
        return value.isDefined ? value.description : "undefined"
    }

    @Test func verifiedPerson() {
        let metadata = #"{"payload":{"iss":"i","sub":"ada","client_id":"c","email":"ada@x"}}"#
        #expect(
            value(.human, metadata: metadata)
                == #"{"id":"ada","name":"ada@x","provenance":"attested"}"#)
        #expect(value(.service, metadata: metadata) == #"{"id":"c","provenance":"attested"}"#)
        #expect(
            value(
                .human, metadata: metadata, headers: [("x-jwt-signature-verified", "false")])
                == #"{"id":"ada","name":"ada@x","provenance":"claimed"}"#)
    }

    @Test func chainOfActors() {
        let metadata = """
            {"p":{"iss":"i","sub":"ada","act":{"sub":"\(agent)","act":{"sub":"planner","iss":"j"}}}}
            """
        #expect(
            value(.delegation, metadata: metadata) == """
                [{"id":"\(agent)","provenance":"attested","role":"agent"},\
                {"id":"planner","issuer":"j","provenance":"attested","role":"actor"},\
                {"id":"ada","issuer":"i","provenance":"attested","role":"subject"}]
                """)
    }

    @Test func longChainSaysSo() {
        let depth = Limits.actors + 3
        let acts = String(repeating: #"{"sub":"x","act":"#, count: depth)
        let metadata =
            #"{"p":{"sub":"ada","act":"# + acts + "{}" + String(repeating: "}", count: depth + 2)
        #expect(value(.delegation, metadata: metadata).contains(#""role":"omitted""#))
    }

    @Test(arguments: [
        #"{"sub":"c","client_id":"c"}"#, #"{"sub":"c","azp":"c"}"#, #"{"sub":"c","idtyp":"app"}"#,
        #"{"sub":"spiffe://acme.example/s"}"#, #"{"sub":"system:serviceaccount:n:s"}"#,
        #"{"sub":7}"#, #"{"iss":"i"}"#,
    ])
    func servicesAreNoPeople(_ payload: String) {
        #expect(value(.human, metadata: #"{"p":\#(payload)}"#) == "undefined")
    }

    /// {"alg":"none"}.{"sub":"eve"}.
    private let forged = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmUifQ."

    @Test func tokenThatWasOnlyCarriedIsAClaim() {
        let headers = [("authorization", forged)]
        #expect(value(.human, headers: headers) == #"{"id":"eve","provenance":"claimed"}"#)
        #expect(
            value(.token, headers: headers)
                == #"{"claims":{"sub":"eve"},"provenance":"claimed"}"#)
        // Never beside one that was verified.
        #expect(
            value(.human, metadata: #"{"p":{"sub":"ada"}}"#, headers: headers)
                == #"{"id":"ada","provenance":"attested"}"#)
    }

    @Test(arguments: [
        "Bearer a.b", "Bearer a.b.c.d", "Bearer eyJhbGciOiJub25lIn0.!!.x", "Basic eyJ.eyJ.x",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJldmUifQ.,Bearer x.y.z", "Bearer", "",
        "Bearer x.W10.x", "Bearer x.eyJzdWIiOiJhIiwic3ViIjoiYiJ9.x",
    ])
    func whatIsNoToken(_ header: String) {
        #expect(value(.token, headers: [("authorization", header)]) == "undefined")
    }

    @Test func twoPayloadsAreNobodys() {
        #expect(value(.human, metadata: #"{"a":{"sub":"x"},"b":{"sub":"y"}}"#) == "undefined")
        #expect(
            value(.human, metadata: #"{"a":{"sub":"x"},"header":{"alg":"RS256"}}"#)
                == #"{"id":"x","provenance":"attested"}"#)
    }

    @Test func impersonationIsAClaim() {
        #expect(
            value(.delegation, headers: [("impersonate-user", "root")]) == """
                [{"id":"\(agent)","provenance":"attested","role":"agent"},\
                {"id":"root","provenance":"claimed","role":"impersonated"}]
                """)
    }
}
