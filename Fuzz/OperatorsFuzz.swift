// SPDX-License-Identifier: Apache-2.0
import AgentContext
import RegoVM
import Telemetry

@testable import Admin

// Any request of an operator: it is answered, and whatever is not done is a problem of RFC 9457.
//
// The input's first line is method, space and target; what follows is the body.

private let metrics = MetricRegistry()
private let logger = Logger(level: .error)

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOperators(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    let end = input.firstIndex(of: 0x0A) ?? count
    guard let line = String(validating: input[..<end], as: UTF8.self) else { return 0 }
    let body = UnsafeBufferPointer(rebasing: input[min(end + 1, count)...])
    let services = AdminServices(
        operations: MemoryOperations(), policy: MemoryPolicy(), health: { HealthReport([]) },
        metrics: metrics, logger: logger)
    let core = AdminCore(services, Authentication(), true)
    let exchange = Exchange(head(line, body.count), core)
    // In two pieces, as a network may bring it.
    let half = body.count / 2
    guard exchange.take(UnsafeBufferPointer(rebasing: body[..<half])),
        exchange.take(UnsafeBufferPointer(rebasing: body[half...]))
    else { return 0 }
    check(exchange.finish(services))
    return 0
}

private func head(_ line: String, _ length: Int) -> RequestHead {
    let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let target = words.count > 1 ? words[1] : ""
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var head = RequestHead(method: String(words[0]), path: parts.first.map(String.init) ?? "")
    for argument in parts.count > 1 ? parts[1].split(separator: "&") : [] {
        let pair = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        head.query.append((String(pair[0]), pair.count > 1 ? String(pair[1]) : ""))
    }
    head.peer = .unix(user: 0)
    head.contentType = "application/json"
    head.contentLength = length
    head.hasBody = length > 0
    return head
}

private func check(_ response: Response) {
    guard response.contentType.hasSuffix("json") else { return }
    let arena = Arena(limit: 16 << 20)
    defer { arena.destroy() }
    response.body.withUnsafeBufferPointer { text in
        var reader = JSONReader(text, arena: arena)
        guard let document = try? reader.document() else { fatalError("the answer is no JSON") }
        precondition(!reader.hasDuplicateKeys)
        guard response.status >= 400 else { return }
        precondition(response.contentType == "application/problem+json")
        precondition(document["status"].equals(number: Int(response.status)))
        for name: StaticString in ["type", "title", "code", "detail"] {
            precondition(document[name].isString && document[name].count > 0)
        }
    }
}

extension Value {
    fileprivate func equals(number: Int) -> Bool { isEqual(to: .integer(number)) }
}
