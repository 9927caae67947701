// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Inspection
import RegoVM

/// The parts of `input` that Portcullis adds to OPA-Envoy's document.
final class CheckSections {
    static let names = ["agent", "action", "context"]

    let all: [any InputSection]
    private let agent = AgentSection()
    private let action = ActionSection()

    init(agent snapshot: AgentSnapshot) {
        all = [agent, action, ContextSection(snapshot)]
    }

    func begin(_ subject: DecisionPoint.Subject) {
        agent.subject = subject
        action.subject = subject
    }
}

/// `input.agent`
private final class AgentSection: InputSection {
    let name = CheckSections.names[0]
    var subject: DecisionPoint.Subject?

    func value(in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        return subject.identity.value(scopes: subject.scopes, in: arena)
    }

    func value(of key: Value, in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        return key.equals("scopes") ? subject.scopes.value : subject.identity.value(of: key, in: arena)
    }
}

/// `input.action`
private final class ActionSection: InputSection {
    let name = CheckSections.names[1]
    var subject: DecisionPoint.Subject?

    func value(in arena: Arena) -> Value { subject?.facts.value(in: arena) ?? .undefined }

    func value(of key: Value, in arena: Arena) -> Value {
        subject?.facts.value(of: key, in: arena) ?? .undefined
    }
}

/// `input.context`
private final class ContextSection: InputSection {
    let name = CheckSections.names[2]
    private let snapshot: AgentSnapshot

    init(_ snapshot: AgentSnapshot) { self.snapshot = snapshot }

    func value(in arena: Arena) -> Value { snapshot.value(in: arena) }

    func value(of key: Value, in arena: Arena) -> Value { snapshot.value(of: key, in: arena) }
}
