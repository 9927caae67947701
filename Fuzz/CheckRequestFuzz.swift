// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer target for the CheckRequest reader and the CheckResponse writer.
//
// The seeds are the captured checks beside the checkout; new finds go to the first folder only.
import Authorization
import ExtAuthz

private struct State: @unchecked Sendable {
    let context = AttributeContext()
    let decision = Decision()
    let writer = CheckResponseWriter()
}

private let state = State()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = UnsafeRawBufferPointer(start: start, count: count)
    do {
        try CheckRequestReader.read(message, into: state.context)
    } catch {
        precondition(error.offset >= 0 && error.offset <= count)
        precondition(!state.context.isPresent && state.context.headers.isEmpty)
        return 0
    }
    checkBounds(message)
    answer()
    return 0
}

/// Every slice lies in the message.
private func checkBounds(_ message: UnsafeRawBufferPointer) {
    let context = state.context
    func check(_ bytes: Bytes) {
        guard bytes.count > 0, let start = bytes.start, let base = message.baseAddress else {
            return
        }
        let offset = UnsafeRawPointer(start) - base
        precondition(offset >= 0 && offset + bytes.count <= message.count)
    }
    func check(_ pairs: Table<AttributeContext.StringPair>) {
        for pair in pairs {
            check(pair.key)
            check(pair.value)
        }
    }
    for peer in [context.source, context.destination] {
        check(peer.principal)
        check(peer.certificate)
        check(peer.service)
    }
    for header in context.headers {
        check(header.name)
        check(header.value)
    }
    for table in [context.sourceLabels, context.destinationLabels, context.contextExtensions] {
        check(table)
    }
    for metadata in [context.metadata, context.routeMetadata] {
        check(metadata.filter)
        check(metadata.typed)
    }
    if let http = context.http {
        for text in [http.id, http.method, http.path, http.host, http.body, http.rawBody] {
            check(text)
        }
    }
}

/// A decision made of the request's own bytes is answered, and never with nothing.
private func answer() {
    let decision = state.decision
    decision.reset()
    decision.isAllowed = state.context.headers.count % 2 == 0
    decision.body = state.context.http?.body ?? .empty
    for (index, header) in state.context.headers.enumerated() {
        let field = Decision.Field(name: header.name, value: header.value)
        switch index % 4 {
        case 0, 1: decision.headers.append(field)
        case 2: decision.queryParametersToSet.append(field)
        default: decision.responseHeadersToAdd.append(field)
        }
    }
    for pair in state.context.contextExtensions { decision.requestHeadersToRemove.append(pair.key) }
    decision.dynamicMetadata = state.context.metadata.filter.first?.value ?? .empty
    let bytes = state.writer.encode(decision)
    precondition(bytes.count >= 2 && bytes[0] == 0x0A)
}
