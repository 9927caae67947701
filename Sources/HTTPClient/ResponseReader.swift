// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Collects what libcurl hands out of one response.
final class ResponseReader {
    private(set) var body: [UInt8] = []
    private(set) var headers: [HTTPField] = []
    private(set) var status = ""
    /// More came than is read.
    private(set) var isOverfull = false
    private var headerBytes = 0

    func begin() {
        body = []
        headers = []
        status = ""
        isOverfull = false
        headerBytes = 0
    }

    /// - Returns: false to end the transfer.
    func add(body bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= Limits.httpBodyBytes else {
            isOverfull = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// One line of a header, with its end. A line that begins a message ends the one before (an
    /// interim response, or a proxy's).
    func add(header bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= Limits.httpHeaderBytes else {
            isOverfull = true
            return false
        }
        var line = String(decoding: bytes, as: UTF8.self)[...]
        while line.utf8.last == 0x0D || line.utf8.last == 0x0A || line.last?.isNewline == true {
            line.removeLast()
        }
        if line.hasPrefix("HTTP/") {
            headers = []
            status = String(line.split(separator: " ", maxSplits: 1).dropFirst().first ?? "")
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            headers.append(HTTPField(line[..<colon].lowercased(), Self.trimmed(value)))
        }
        return true
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    /// - Parameter redirect: an absolute URL.
    func response(_ code: Int, redirect: String?) -> HTTPResponse {
        var headers = headers
        if headers.contains(where: { $0.name == "content-encoding" && $0.value == "gzip" }) {
            // The body is decoded, and these tell of the encoded one.
            headers.removeAll { ["content-encoding", "content-length"].contains($0.name) }
        }
        // HTTP/2 has no words for a status.
        let isBare = status.count <= 4
        let line = isBare ? "\(code) \(StatusText.words(code))" : status
        return HTTPResponse(
            statusCode: code, status: line, headers: headers, body: body, redirect: redirect)
    }
}

/// The words of statuses (RFC 9110 section 15).
private enum StatusText {
    static func words(_ code: Int) -> String { all[code] ?? "" }

    private static let all: [Int: String] = [
        200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information",
        204: "No Content", 205: "Reset Content", 206: "Partial Content",
        300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other",
        304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
        400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
        408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
        412: "Precondition Failed", 413: "Request Entity Too Large",
        414: "Request URI Too Long", 415: "Unsupported Media Type", 418: "I'm a teapot",
        421: "Misdirected Request", 422: "Unprocessable Entity", 425: "Too Early",
        426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
        431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
        503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]
}
