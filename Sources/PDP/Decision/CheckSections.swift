// SPDX-License-Identifier: Apache-2.0
import AgentContext
import Authorization
import Inspection
import RegoVM

/// The parts of `input` that Portcullis adds to OPA-Envoy's document.
enum CheckSections {
    static let names = ["agent", "action", "context", "prompt", "threat"]
    static let agent = 0

    /// In the order of `names`.
    static func all() -> (
        agent: AgentSection, action: ActionSection, context: ContextSection,
        prompt: PromptSection, threat: ThreatSection
    ) {
        (AgentSection(), ActionSection(), ContextSection(), PromptSection(), ThreatSection())
    }
}

/// `input.agent`
final class AgentSection: InputSection {
    let name = CheckSections.names[0]
    unowned(unsafe) var subject: CheckSubject?

    func value(in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        return subject.identity.pointee.value(
            scopes: subject.scopes, subject.principals, in: arena)
    }

    func value(of key: Value, in arena: Arena) -> Value {
        guard let subject else { return .undefined }
        if key.equals("scopes") { return subject.scopes.value }
        if Principals.has(key) { return subject.principals.value(of: key) }
        return subject.identity.pointee.value(of: key, in: arena)
    }
}

/// `input.action`
final class ActionSection: InputSection {
    let name = CheckSections.names[1]
    unowned(unsafe) var subject: CheckSubject?

    func value(in arena: Arena) -> Value { subject?.facts.pointee.value(in: arena) ?? .undefined }

    func value(of key: Value, in arena: Arena) -> Value {
        subject?.facts.pointee.value(of: key, in: arena) ?? .undefined
    }
}

/// `input.context`
final class ContextSection: InputSection {
    let name = CheckSections.names[2]
    /// nil when no context is kept.
    var snapshot: AgentSnapshot?

    func value(in arena: Arena) -> Value { snapshot?.value(in: arena) ?? .undefined }

    func value(of key: Value, in arena: Arena) -> Value {
        snapshot?.value(of: key, in: arena) ?? .undefined
    }
}
