// SPDX-License-Identifier: Apache-2.0
import Glibc

extension HTTPResponse {
    /// The server can say whether it still holds.
    var canBeRevalidated: Bool { !validators.isEmpty }

    /// Header fields that ask the server so (RFC 9110 section 13.1).
    var validators: [HTTPField] {
        var fields: [HTTPField] = []
        let etag = header("etag")
        let modified = header("last-modified")
        if !etag.isEmpty, HTTPField.isValue(etag) { fields.append(.init("If-None-Match", etag)) }
        if !modified.isEmpty, HTTPField.isValue(modified) {
            fields.append(.init("If-Modified-Since", modified))
        }
        return fields
    }

    /// This response with the headers of a 304 (RFC 9111 section 3.2).
    func updated(by answer: HTTPResponse) -> HTTPResponse {
        var result = self
        let names = Set(answer.headers.map(\.name))
        result.headers.removeAll { names.contains($0.name) }
        result.headers += answer.headers
        return result
    }

    /// `application/json` or `application/...+json`
    static func isJSON(_ type: String) -> Bool {
        var media = type.prefix { $0 != ";" }
        while media.last == " " { media.removeLast() }
        guard media.hasPrefix("application/") else { return false }
        return media == "application/json" || media.hasSuffix("+json")
    }
}

extension HTTPRequest {
    private static let redirects: Set<Int> = [301, 302, 303, 307, 308]
    private static let bodyHeaders: Set<String> = [
        "Content-Type", "Content-Length", "Content-Encoding", "Content-Language",
        "Content-Location",
    ]
    /// Not for another host than the one they were meant for.
    private static let secrets: Set<String> = [
        "Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "Www-Authenticate", "Host",
    ]

    /// The request to send next; nil when `response` does not lead elsewhere. As Go's client does
    /// it: a moved POST becomes a GET, unless the server asks for the same again (307, 308).
    func redirected(by response: HTTPResponse) -> HTTPRequest? {
        guard Self.redirects.contains(response.statusCode), let target = response.redirect else {
            return nil
        }
        var next = self
        next.url = target
        if response.statusCode < 307 {
            if method != "GET" && method != "HEAD" { next.method = "GET" }
            next.body = []
            next.headers.removeAll { Self.bodyHeaders.contains($0.name) }
        }
        if Self.authority(target) != Self.authority(url) {
            next.headers.removeAll { Self.secrets.contains($0.name) }
            next.security.certificate = []
            next.security.key = []
            if next.security.serverName == headers.first(where: { $0.name == "Host" })?.value {
                next.security.serverName = nil
            }
        }
        return next
    }

    /// Scheme, host and port of a URL.
    private static func authority(_ url: String) -> Substring {
        guard let start = url.firstRange(of: "://")?.upperBound else { return url[...] }
        let end = url[start...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        return url[..<end]
    }
}

/// Sleeping on a thread that may.
enum Pause {
    /// - Parameter nanoseconds: a signal may cut it short.
    static func sleep(_ nanoseconds: UInt64) {
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&time, nil)
    }
}
