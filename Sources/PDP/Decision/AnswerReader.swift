// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Turns what a policy answered into a decision.
///
/// A policy answers with a boolean, with OPA-Envoy's object (`allowed`, `headers`, ...), or with
/// the richer document whose `action` stands for `allowed`. Anything else, and any part of the
/// wrong type, is an `InvalidAnswer`: nothing of a half-read answer is ever used.
struct AnswerReader {
    let answer: Value
    let decision: UnsafeMutablePointer<Decision.Content>
    let arena: Arena

    struct InvalidAnswer: Error {
        /// The key whose value cannot be used.
        let key: StaticString
    }

    func read() throws(InvalidAnswer) {
        switch answer.kind {
        case .boolean:
            decision.pointee.isAllowed = answer.isTrue
            decision.pointee.action = answer.isTrue ? .allow : .deny
        case .object: try readObject()
        default: throw InvalidAnswer(key: "decision")
        }
    }

    private func readObject() throws(InvalidAnswer) {
        try readAction()
        try readStatus()
        try fields("headers") { decision.pointee.headers.append($0) }
        try fields("response_headers_to_add") { decision.pointee.responseHeadersToAdd.append($0) }
        try fields("query_parameters_to_set") { decision.pointee.queryParametersToSet.append($0) }
        try strings("request_headers_to_remove") {
            decision.pointee.requestHeadersToRemove.append($0)
        }
        try strings("query_parameters_to_remove") {
            decision.pointee.queryParametersToRemove.append($0)
        }
        try strings("strip_scopes") { decision.pointee.strippedScopes.append($0) }
        decision.pointee.body = try string("body") ?? .empty
        try readReasons()
        decision.pointee.risk = try percentage("risk")
        try readSignals()
        decision.pointee.confidence = try percentage("confidence")
        try readMetadata()
        try timed("labels") { decision.pointee.labels.append(Label(name: $0, seconds: $1)) }
        try timed("restrictions") {
            decision.pointee.restrictions.append(Restriction(name: $0, seconds: $1))
        }
        if decision.pointee.action == .isolate { addIsolation() }
    }

    private func readAction() throws(InvalidAnswer) {
        let action = answer["action"]
        guard action.isDefined else {
            guard let allowed = answer["allowed"].asBoolean else {
                throw InvalidAnswer(key: "allowed")
            }
            decision.pointee.isAllowed = allowed
            decision.pointee.action = allowed ? .allow : .deny
            return
        }
        for candidate in Action.allCases where action.equals(candidate.word) {
            decision.pointee.action = candidate
            decision.pointee.isAllowed = candidate == .allow || candidate == .restrict
            return
        }
        throw InvalidAnswer(key: "action")
    }

    private func readStatus() throws(InvalidAnswer) {
        let status = answer["http_status"]
        guard status.isDefined else { return }
        guard let code = status.arrayIndex else { throw InvalidAnswer(key: "http_status") }
        decision.pointee.httpStatus = code
    }

    /// 0 to 100; nil when it is not there.
    private func percentage(_ key: StaticString) throws(InvalidAnswer) -> Int? {
        let value = answer[key]
        guard value.isDefined else { return nil }
        guard let number = value.arrayIndex, number <= 100 else { throw InvalidAnswer(key: key) }
        return number
    }

    /// An object of numbers.
    private func readSignals() throws(InvalidAnswer) {
        let signals = answer["signals"]
        guard signals.isDefined else { return }
        guard signals.kind == .object, signals.count <= Limits.signals else {
            throw InvalidAnswer(key: "signals")
        }
        for index in 0..<signals.count {
            let name = signals.keys[index]
            guard name.isString, name.count <= Limits.signalNameBytes,
                let number = signals.values[index].asDouble, abs(number) <= 100
            else {
                throw InvalidAnswer(key: "signals")
            }
            decision.pointee.signals.append(
                RiskSignal(name: Bytes(name), hundredths: Int((number * 100).rounded())))
        }
    }

    /// Isolation is a restriction of its own, so that it is recorded and remembered like one.
    private func addIsolation() {
        for restriction in decision.pointee.restrictions
        where restriction.name.equals("isolate") {
            return
        }
        decision.pointee.restrictions.append(
            Restriction(name: Bytes("isolate"), seconds: Limits.isolationSeconds))
    }

    /// Reasons are objects with a `code` and perhaps a `message`, or just codes.
    private func readReasons() throws(InvalidAnswer) {
        let reasons = answer["reasons"]
        guard reasons.isDefined else { return }
        guard reasons.kind == .array || reasons.kind == .set else {
            throw InvalidAnswer(key: "reasons")
        }
        for reason in reasons.elements {
            if reason.isString {
                decision.pointee.reasons.append(Reason(code: Bytes(reason)))
                continue
            }
            let code = reason["code"]
            let message = reason["message"]
            guard code.isString, message.isUndefined || message.isString else {
                throw InvalidAnswer(key: "reasons")
            }
            decision.pointee.reasons.append(Reason(code: Bytes(code), message: Bytes(message)))
        }
    }

    private func readMetadata() throws(InvalidAnswer) {
        let metadata = answer["dynamic_metadata"]
        guard metadata.isDefined else { return }
        guard metadata.kind == .object else { throw InvalidAnswer(key: "dynamic_metadata") }
        decision.pointee.dynamicMetadata = StructEncoder.encode(metadata, in: arena)
    }

    // MARK: Shapes

    private func string(_ key: StaticString) throws(InvalidAnswer) -> Bytes? {
        let value = answer[key]
        guard value.isDefined else { return nil }
        guard value.isString else { throw InvalidAnswer(key: key) }
        return Bytes(value)
    }

    private func strings(_ key: StaticString, _ body: (Bytes) -> Void) throws(InvalidAnswer) {
        let list = answer[key]
        guard list.isDefined else { return }
        guard list.kind == .array || list.kind == .set else { throw InvalidAnswer(key: key) }
        for element in list.elements {
            guard element.isString else { throw InvalidAnswer(key: key) }
            body(Bytes(element))
        }
    }

    /// An object, or a list of objects; a value is a string or a list of strings.
    private func fields(_ key: StaticString, _ body: (Decision.Field) -> Void) throws(InvalidAnswer)
    {
        let fields = answer[key]
        guard fields.isDefined else { return }
        switch fields.kind {
        case .object: try fieldsOfObject(fields, key, body)
        case .array, .set:
            for object in fields.elements {
                guard object.kind == .object else { throw InvalidAnswer(key: key) }
                try fieldsOfObject(object, key, body)
            }
        default: throw InvalidAnswer(key: key)
        }
    }

    private func fieldsOfObject(
        _ object: Value, _ key: StaticString, _ body: (Decision.Field) -> Void
    ) throws(InvalidAnswer) {
        for index in 0..<object.count {
            let name = object.keys[index]
            let value = object.values[index]
            guard name.isString else { throw InvalidAnswer(key: key) }
            if value.isString {
                body(.init(name: Bytes(name), value: Bytes(value)))
                continue
            }
            guard value.kind == .array || value.kind == .set else { throw InvalidAnswer(key: key) }
            for element in value.elements {
                guard element.isString else { throw InvalidAnswer(key: key) }
                body(.init(name: Bytes(name), value: Bytes(element)))
            }
        }
    }

    /// Objects with a `name` and a number of `seconds`.
    private func timed(_ key: StaticString, _ body: (Bytes, Int64) -> Void) throws(InvalidAnswer) {
        let list = answer[key]
        guard list.isDefined else { return }
        guard list.kind == .array || list.kind == .set else { throw InvalidAnswer(key: key) }
        for element in list.elements {
            let name = element["name"]
            guard name.isString, name.count > 0, let seconds = element["seconds"].arrayIndex else {
                throw InvalidAnswer(key: key)
            }
            body(Bytes(name), Int64(seconds))
        }
    }
}
