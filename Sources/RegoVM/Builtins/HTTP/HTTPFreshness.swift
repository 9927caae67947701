// SPDX-License-Identifier: Apache-2.0

/// How long a response may be used again (RFC 9111), as far as OPA goes.
enum HTTPFreshness {
    /// Only responses with these statuses are kept (RFC 9110 section 15.1).
    private static let keptStatuses: Set<Int> = [
        200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501,
    ]

    /// - Parameter forced: seconds that overrule the headers.
    static func mayKeep(_ response: HTTPResponse, forced: Int64?) -> Bool {
        guard keptStatuses.contains(response.statusCode) else { return false }
        return forced != nil || directives(response)["no-store"] == nil
    }

    /// Nanoseconds since 1970 from which on a response must be asked for again.
    static func expiry(_ response: HTTPResponse, forced: Int64?, now: Int64) -> Int64 {
        if let forced { return later(now, forced) }
        let directives = directives(response)
        if directives["no-cache"] != nil { return now }
        if let age = directives["max-age"].flatMap(Int64.init) {
            let made = HTTPDate.parse(response.header("date")) ?? now
            return later(made, min(max(0, age), Int64(Int32.max)))
        }
        return HTTPDate.parse(response.header("expires")) ?? 0
    }

    private static func later(_ time: Int64, _ seconds: Int64) -> Int64 {
        let (sum, overflow) = time.addingReportingOverflow(seconds * 1_000_000_000)
        return overflow ? .max : sum
    }

    /// `max-age=60, no-cache` by name; names in lower case.
    private static func directives(_ response: HTTPResponse) -> [String: String] {
        var result: [String: String] = [:]
        for part in response.header("cache-control").split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard let name = pair.first.map({ trimmed($0).lowercased() }) else { continue }
            result[name] = pair.count == 2 ? trimmed(pair[1]) : ""
        }
        return result
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\"" { text.removeFirst() }
        while text.last == " " || text.last == "\"" { text.removeLast() }
        return String(text)
    }
}

/// Dates of HTTP headers (RFC 9110 section 5.6.7).
enum HTTPDate {
    private static let layouts = [
        "Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 MST",
        "Mon Jan _2 15:04:05 2006",
    ]

    /// Nanoseconds since 1970; nil for what is no date.
    static func parse(_ text: String) -> Int64? {
        guard !text.isEmpty else { return nil }
        for layout in layouts {
            if let time = try? TimeParser.parse(Array(text.utf8), layout: layout) {
                return time.nanosecondsSince1970
            }
        }
        return nil
    }
}
