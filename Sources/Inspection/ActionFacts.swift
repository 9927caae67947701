// SPDX-License-Identifier: Apache-2.0
import Authorization
import Cryptography
import RegoVM

/// What a request does, as far as its bytes tell: `input.action`.
///
/// Trivial to copy. The slices point into the request message, into literals, or into the arena
/// that the inspector was given; the values into the parsed body.
public struct ActionFacts {
    public var trafficProtocol: TrafficProtocol = .unknown
    public var effect: Effect = .unknown
    /// MCP and A2A: the JSON-RPC method. LLM: `chat`, `responses`, `messages`, `generate`,
    /// `complete`, `embed`. Vault and Kubernetes: their verb. SQL: the statement's verb in lower
    /// case. HTTP: the method in lower case.
    public var operation = Bytes.empty
    /// MCP: the tool or prompt that is named. Empty when nothing is.
    public var tool = Bytes.empty
    /// MCP: `params.arguments`. A2A: the parameters. Vault and Kubernetes: the body, or the query
    /// of a command. SQL: `statement`. `.undefined` when there are none.
    public var arguments = Value.undefined
    /// MCP: the URI that is read. A2A: the task or conversation. Vault: namespace and path without
    /// `/v1/`. Otherwise the normalised path.
    public var resource = Bytes.empty
    /// LLM: the model that is asked. Empty when none is named.
    public var model = Bytes.empty
    /// What ties calls together: A2A's `contextId`, the conversation of OpenAI's responses.
    /// Claimed.
    public var conversation = Bytes.empty
    /// The API of a language model whose texts `PromptReader` finds in `content`.
    public var modelAPI = ModelAPI.none
    /// The body as JSON, where it was read. `.undefined` for all others.
    public var content = Value.undefined
    public var destination = Destination()
    /// The `id` of a JSON-RPC request, which an error reply echoes: a string, a number or null.
    /// `.undefined` for notifications and for everything that is no JSON-RPC request.
    public var messageID = Value.undefined
    public var doubts: Doubts = []
    /// The messages of a JSON-RPC batch, each judged as if it had come alone.
    @usableFromInline
    var batch = UnsafeBufferPointer<ActionFacts>(start: nil, count: 0)
    /// The inspector's; nil in facts that no inspector made.
    unowned(unsafe) var internalDestinations: InternalDestinations?
    /// The check's; nil in facts that no inspector made.
    var arena: Arena?
    /// SHA-256 of what the user asks of a model or of another agent, and of each document that the
    /// prompt brings in. Found out only when something asks: see `CheckPrompt.digest`.
    public var promptDigest: Digest?
    public var documentDigests = UnsafeBufferPointer<Digest>(start: nil, count: 0)

    public init() {}

    /// True when nothing speaks against this reading of the request.
    public var isCertain: Bool { doubts.isEmpty }

    /// True when the request, or one of its batch, calls `tool`.
    public func calls(_ tool: Bytes) -> Bool {
        for message in batch where message.tool == tool { return true }
        return self.tool == tool
    }

    /// True when the request, or one of its batch, makes another agent act.
    public var delegates: Bool {
        for message in batch where message.effect == .delegate { return true }
        return effect == .delegate
    }

    /// True when the request is JSON-RPC whose reply a client would read as JSON-RPC.
    public var isMessage: Bool { messageID.isDefined }
}

/// Where a request goes, by its authority.
public struct Destination {
    /// Lower case, without port, brackets and final dot. Empty when the authority is malformed.
    public var host = Bytes.empty
    /// 0 when the authority names none.
    public var port: UInt16 = 0
    /// True when the configuration counts the host as the organisation's own.
    public var isInternal = false

    public init() {}
}
