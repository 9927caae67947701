// SPDX-License-Identifier: Apache-2.0
import CLinux
import Foundation
import Synchronization
import Telemetry

@testable import Admin

/// A server on a Unix socket or on TCP, and raw requests to it.
final class Harness {
    let operations = MemoryOperations()
    let policy = MemoryPolicy()
    let registry = MetricRegistry()
    let server: AdminServer
    let path: String

    init(fault: String? = nil, tokens: [OperatorToken]? = nil) throws {
        path = "/tmp/portcullis-admin-\(UUID().uuidString.prefix(8)).sock"
        var configuration = AdminConfiguration()
        if let tokens {
            configuration.tcp = ("127.0.0.1", 0)
            configuration.tokens = tokens
        } else {
            configuration.unixPath = path
        }
        server = try AdminServer(
            configuration,
            AdminServices(
                operations: operations, policy: policy,
                health: { HealthReport([.init("log", fault: fault)]) }, metrics: registry,
                logger: Logger(level: .error)))
    }

    deinit { server.stop() }

    struct Answer {
        var status = 0
        var headers: [String: String] = [:]
        var body = ""

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        }
        var code: String { json["code"] as? String ?? "" }
    }

    func connect() -> Int32 {
        guard server.addresses[0].hasPrefix("unix:") else {
            let port = server.addresses[0].split(separator: ":").last.flatMap { UInt16($0) } ?? 0
            return linux_connect_tcp("127.0.0.1", port)
        }
        return linux_connect_unix(path, path.utf8.count)
    }

    func send(
        _ method: String, _ target: String, _ body: String? = nil,
        type: String? = "application/json", token: String? = nil
    ) -> Answer {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        if let body {
            head += "Content-Length: \(body.utf8.count)\r\n"
            if let type { head += "Content-Type: \(type)\r\n" }
        }
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        return raw(Array((head + "\r\n" + (body ?? "")).utf8))
    }

    /// Sends bytes and reads until the server closes.
    func raw(_ bytes: [UInt8], endsInput: Bool = false) -> Answer {
        let descriptor = connect()
        guard descriptor >= 0 else { return Answer() }
        defer { close(descriptor) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                linux_send(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { break }
            sent += count
        }
        if endsInput { _ = linux_shutdown_write(descriptor) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = linux_receive(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            received += buffer[..<count]
        }
        return Self.parse(String(decoding: received, as: UTF8.self))
    }

    private static func parse(_ text: String) -> Answer {
        var answer = Answer()
        guard let end = text.range(of: "\r\n\r\n") else { return answer }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        answer.status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            answer.headers[parts[0].lowercased()] =
                parts[1].trimmingCharacters(in: .whitespaces)
        }
        answer.body = String(text[end.upperBound...])
        return answer
    }
}
