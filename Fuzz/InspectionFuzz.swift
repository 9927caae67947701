// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection
import RegoVM

// Any request: facts come of it, every slice of them can be read, what reads them as `input` makes
// values, and what is certain hangs together.
//
// The input's lines are method, path, authority, headers (`name: value`), an empty line, the body.

private struct State: @unchecked Sendable {
    let context = AttributeContext()
    let certificates = CertificateMemory()
    let identifier = AgentIdentifier()
    let inspector: Inspector

    init() {
        do {
            inspector = Inspector(
                internalDestinations: try InternalDestinations(InternalDestinations.defaults))
        } catch {
            fatalError("\(error)")
        }
    }
}

private let state = State()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzInspection(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let arena = Arena(limit: 64 << 20)
    defer { arena.destroy() }
    read(Bytes(start: start, count: count))
    let facts = state.inspector.inspect(state.context, arena: arena)
    check(facts, arena)
    state.certificates.begin()
    let identity = state.identifier.identify(state.context, state.certificates)
    let token = TokenClaims(state.context, metadata: facts.content, arena: arena)
    let principals = Principals(identity, state.context, token, arena: arena)
    let scopes = ScopeHeader().scopes(state.context, arena: arena)
    write(identity.value(scopes: scopes, principals, in: arena), arena)
    return 0
}

/// Fills the context from the input's text.
private func read(_ text: Bytes) {
    state.context.reset()
    var http = AttributeContext.HTTPRequest()
    var position = 0
    func line() -> Bytes {
        let start = min(position, text.count)
        position = start
        while position < text.count, text[position] != 0x0A { position += 1 }
        defer { position += 1 }
        return text[start..<position]
    }
    http.method = line()
    http.path = line()
    http.host = line()
    while position < text.count {
        let field = line()
        if field.isEmpty { break }
        var colon = 0
        while colon < field.count, field[colon] != UInt8(ascii: ":") { colon += 1 }
        let value = colon + 2 <= field.count ? field[colon + 2..<field.count] : .empty
        take(field[0..<colon], value)
    }
    if position < text.count { http.rawBody = text[position..<text.count] }
    http.size = Int64(http.rawBody.count)
    state.context.http = http
}

/// A few names stand for what no header carries.
private func take(_ name: Bytes, _ value: Bytes) {
    if name.equals("principal") {
        state.context.source.principal = value
    } else if name.equals("certificate") {
        state.context.source.certificate = value
    } else if name.equals("portcullis.protocol") || name.equals("portcullis.xfcc") {
        state.context.contextExtensions.append(.init(key: name, value: value))
    } else {
        state.context.headers.append(.init(name: name, value: value))
    }
}

private func check(_ facts: ActionFacts, _ arena: Arena) {
    write(facts.value(in: arena), arena)
    _ = facts.reachesOutside
    PromptReader(facts).forEachPart { part in
        precondition(part.text.count >= 0 && part.name.count >= 0)
    }
    guard facts.isCertain, facts.trafficProtocol == .mcp else { return }
    // A call whose tool nobody can name is never certain.
    if facts.operation.equals("tools/call") { precondition(facts.tool.count > 0) }
}

/// As JSON, which must read back: nothing in `input` is ill-formed.
private func write(_ value: Value, _ arena: Arena) {
    var output = ByteBuilder(arena)
    JSONWriter.append(value, to: &output)
    guard (try? JSONReader.read(output.bytes, into: arena)) != nil else {
        fatalError("the input document is no JSON")
    }
}
