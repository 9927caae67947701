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

    /// - Returns: whether the answer has an `action`.
    func read() throws(InvalidAnswer) -> Bool {
        switch answer.kind {
        case .boolean:
            decision.pointee.isAllowed = answer.isTrue
            decision.pointee.action = answer.isTrue ? .allow : .deny
            return false
        case .object: return try readObject()
        default: throw InvalidAnswer(key: "decision")
        }
    }

    /// Goes through what the answer has; most answers have three of some sixteen keys. Keys that
    /// mean nothing here are the policy's own business.
    private func readObject() throws(InvalidAnswer) -> Bool {
        var decides = false
        var hasAction = false
        let (keys, values) = (answer.keys, answer.values)
        for index in 0..<answer.count {
            let key = keys[index]
            let value = values[index]
            if key.equals("action") {
                try readAction(value)
                decides = true
                hasAction = true
            } else if key.equals("allowed") {
                // `action` comes before it, and stands for it.
                if !decides {
                    try readAllowed(value)
                } else if decision.pointee.isAllowed, value.asBoolean != true {
                    throw InvalidAnswer(key: "allowed")
                }
                decides = true
            } else if try !readConsequence(key, value) {
                try readRewriting(key, value)
            }
        }
        guard decides else { throw InvalidAnswer(key: "allowed") }
        if decision.pointee.action == .isolate { addIsolation() }
        return hasAction
    }

    /// What follows for the agent, and why.
    ///
    /// - Returns: false when `key` means something else.
    private func readConsequence(_ key: Value, _ value: Value) throws(InvalidAnswer) -> Bool {
        if key.equals("reasons") {
            try readReasons(value)
        } else if key.equals("labels") {
            try timed("labels", value) {
                decision.pointee.labels.append(Label(name: $0, seconds: $1))
            }
        } else if key.equals("restrictions") {
            try timed("restrictions", value) {
                decision.pointee.restrictions.append(Restriction(name: $0, seconds: $1))
            }
            for restriction in decision.pointee.restrictions
            where !RestrictionName.isKnown(restriction.name) {
                throw InvalidAnswer(key: "restrictions")
            }
        } else if key.equals("strip_scopes") {
            try strings("strip_scopes", value) { decision.pointee.strippedScopes.append($0) }
        } else if key.equals("risk") {
            decision.pointee.risk = try percentage("risk", value)
        } else if key.equals("signals") {
            try readSignals(value)
        } else if key.equals("confidence") {
            decision.pointee.confidence = try percentage("confidence", value)
        } else {
            return false
        }
        return true
    }

    /// What is done to the request, and what the client gets: OPA-Envoy's keys.
    private func readRewriting(_ key: Value, _ value: Value) throws(InvalidAnswer) {
        if key.equals("headers") {
            try fields("headers", value) { decision.pointee.headers.append($0) }
        } else if key.equals("http_status") {
            guard let code = value.arrayIndex else { throw InvalidAnswer(key: "http_status") }
            decision.pointee.httpStatus = code
        } else if key.equals("body") {
            guard value.isString else { throw InvalidAnswer(key: "body") }
            decision.pointee.body = Bytes(value)
        } else if key.equals("response_headers_to_add") {
            try fields("response_headers_to_add", value) {
                decision.pointee.responseHeadersToAdd.append($0)
            }
        } else if key.equals("request_headers_to_remove") {
            try strings("request_headers_to_remove", value) {
                decision.pointee.requestHeadersToRemove.append($0)
            }
        } else if key.equals("query_parameters_to_set") {
            try fields("query_parameters_to_set", value) {
                decision.pointee.queryParametersToSet.append($0)
            }
        } else if key.equals("query_parameters_to_remove") {
            try strings("query_parameters_to_remove", value) {
                decision.pointee.queryParametersToRemove.append($0)
            }
        } else if key.equals("dynamic_metadata") {
            guard value.kind == .object else { throw InvalidAnswer(key: "dynamic_metadata") }
            decision.pointee.dynamicMetadata = StructEncoder.encode(value, in: arena)
        }
    }

    private func readAction(_ action: Value) throws(InvalidAnswer) {
        var rung: UInt8 = 0
        while let candidate = Action(rawValue: rung) {
            if Bytes(action) == Bytes(candidate.word) {
                decision.pointee.action = candidate
                decision.pointee.isAllowed = candidate == .allow || candidate == .restrict
                return
            }
            rung += 1
        }
        throw InvalidAnswer(key: "action")
    }

    private func readAllowed(_ value: Value) throws(InvalidAnswer) {
        guard let allowed = value.asBoolean else { throw InvalidAnswer(key: "allowed") }
        decision.pointee.isAllowed = allowed
        decision.pointee.action = allowed ? .allow : .deny
    }

    /// 0 to 100.
    private func percentage(_ key: StaticString, _ value: Value) throws(InvalidAnswer) -> Int {
        guard let number = value.arrayIndex, number <= 100 else { throw InvalidAnswer(key: key) }
        return number
    }

    /// An object of numbers.
    private func readSignals(_ signals: Value) throws(InvalidAnswer) {
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
    private func readReasons(_ reasons: Value) throws(InvalidAnswer) {
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

    // MARK: Shapes

    private func strings(
        _ key: StaticString, _ list: Value, _ body: (Bytes) -> Void
    ) throws(InvalidAnswer) {
        guard list.kind == .array || list.kind == .set else { throw InvalidAnswer(key: key) }
        for element in list.elements {
            guard element.isString else { throw InvalidAnswer(key: key) }
            body(Bytes(element))
        }
    }

    /// An object, or a list of objects; a value is a string or a list of strings.
    private func fields(
        _ key: StaticString, _ fields: Value, _ body: (Decision.Field) -> Void
    ) throws(InvalidAnswer) {
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
    private func timed(
        _ key: StaticString, _ list: Value, _ body: (Bytes, Int64) -> Void
    ) throws(InvalidAnswer) {
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
