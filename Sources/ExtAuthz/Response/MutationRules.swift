// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What an answer may ask of Envoy, which would otherwise answer 500 or 503 in its place, or,
/// worse, leave out the one change that made it safe.
///
/// An allowance that breaks a rule becomes our own error. A denial that breaks one stays a denial,
/// without what it wanted to say: as an error, `failure_mode_allow` would let the request through.
///
/// | code `response_...` | rule |
/// | --- | --- |
/// | `invalid_header_name` | a token; on the request also `:path`, `:method`, `:authority` |
/// | `invalid_header_name` | a removed header is a token, not `host` (Envoy never removes it) |
/// | `invalid_header_value` | no control characters but tab, and UTF-8 |
/// | `invalid_header_value` | a pseudo-header and `host` keep a value |
/// | `invalid_query_parameter` | a query parameter has a key |
/// | `invalid_body` | the body is UTF-8 (its field is a `string`) |
/// | `invalid_metadata` | dynamic metadata is a readable `google.protobuf.Struct` |
/// | `too_many_mutations` | at most `Limits.mutations` changes |
/// | `too_large` | at most `Limits.responseBytes` bytes encoded |
public enum MutationRules {
    public enum Violation: String, Error, Sendable, CaseIterable {
        case headerName = "response_invalid_header_name"
        case headerValue = "response_invalid_header_value"
        case queryParameter = "response_invalid_query_parameter"
        case body = "response_invalid_body"
        case metadata = "response_invalid_metadata"
        case tooMany = "response_too_many_mutations"
        case tooLarge = "response_too_large"
    }

    /// Takes all mutations from a decision that breaks a rule (see above), and puts the rule's code
    /// first among its reasons, with the offending name as that reason's message.
    ///
    /// Call it last before the decision is recorded, so that the record says what Envoy is told;
    /// encoding does it where nobody did. Restrictions and labels stay: they are the agent's.
    public static func settle(_ decision: Decision) {
        settle(&decision.content.pointee)
    }

    static func settle(_ decision: inout Decision.Content) {
        guard !decision.isSettled else { return }
        if let (violation, subject) = firstViolation(&decision) {
            fail(&decision, violation, subject)
        }
        decision.isSettled = true
    }

    static func fail(_ decision: inout Decision.Content, _ violation: Violation, _ subject: Bytes) {
        if decision.isAllowed {
            decision.isAllowed = false
            decision.isError = true
            decision.action = .deny
        }
        decision.httpStatus = nil
        decision.headers.removeAll(keepingCapacity: true)
        decision.responseHeadersToAdd.removeAll(keepingCapacity: true)
        decision.requestHeadersToRemove.removeAll(keepingCapacity: true)
        decision.queryParametersToSet.removeAll(keepingCapacity: true)
        decision.queryParametersToRemove.removeAll(keepingCapacity: true)
        decision.body = .empty
        decision.dynamicMetadata = .empty
        decision.reasons.insert(Reason(code: code(violation), message: subject), at: 0)
    }

    private static func firstViolation(_ decision: inout Decision.Content) -> (Violation, Bytes)? {
        let mutations =
            decision.headers.count + decision.responseHeadersToAdd.count
            + decision.requestHeadersToRemove.count + decision.queryParametersToSet.count
            + decision.queryParametersToRemove.count
        guard mutations <= Limits.mutations else { return (.tooMany, .empty) }
        let goesUpstream = decision.isAllowed && !decision.isError
        for field in decision.headers {
            if let violation = check(field, onRequest: goesUpstream) {
                return (violation, field.name)
            }
        }
        if goesUpstream, let found = firstViolationOfAllow(&decision) { return found }
        if !goesUpstream, UTF8Check.firstInvalid(in: decision.body) != nil {
            return (.body, .empty)
        }
        guard isStruct(decision.dynamicMetadata) else { return (.metadata, .empty) }
        return nil
    }

    private static func firstViolationOfAllow(
        _ decision: inout Decision.Content
    ) -> (Violation, Bytes)? {
        for field in decision.responseHeadersToAdd {
            if let violation = check(field, onRequest: false) { return (violation, field.name) }
        }
        for name in decision.requestHeadersToRemove
        where !HeaderSyntax.isName(name) || name.equalsIgnoringCase("host") {
            return (.headerName, name)
        }
        for field in decision.queryParametersToSet where field.name.isEmpty {
            return (.queryParameter, .empty)
        }
        for name in decision.queryParametersToRemove where name.isEmpty {
            return (.queryParameter, .empty)
        }
        return nil
    }

    private static func check(_ field: Decision.Field, onRequest: Bool) -> Violation? {
        let isPseudo = onRequest && HeaderSyntax.isRewritablePseudoHeader(field.name)
        guard isPseudo || HeaderSyntax.isName(field.name) else { return .headerName }
        guard HeaderSyntax.isValue(field.value) else { return .headerValue }
        if field.value.isEmpty, onRequest,
            isPseudo || field.name.equalsIgnoringCase("host")
        {
            return .headerValue
        }
        return nil
    }

    private static func isStruct(_ bytes: Bytes) -> Bool {
        if bytes.isEmpty { return true }
        do {
            try StructChecker.checkStruct(WireReader(bytes))
            return true
        } catch {
            return false
        }
    }

    private static func code(_ violation: Violation) -> Bytes {
        switch violation {
        case .headerName: Bytes("response_invalid_header_name")
        case .headerValue: Bytes("response_invalid_header_value")
        case .queryParameter: Bytes("response_invalid_query_parameter")
        case .body: Bytes("response_invalid_body")
        case .metadata: Bytes("response_invalid_metadata")
        case .tooMany: Bytes("response_too_many_mutations")
        case .tooLarge: Bytes("response_too_large")
        }
    }
}
