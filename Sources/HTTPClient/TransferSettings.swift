// SPDX-License-Identifier: Apache-2.0
import CCurl
import RegoVM

/// Tells a libcurl handle what a request wants.
struct TransferSettings {
    private let easy: UnsafeMutableRawPointer

    init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

    /// What holds for all requests.
    func common() {
        number(CURLOPT_NOSIGNAL, 1)
        // A lookup that is still under way when the patience ends is left behind, not waited for.
        number(CURLOPT_QUICK_EXIT, 1)
        number(CURLOPT_FOLLOWLOCATION, 0)
        number(CURLOPT_MAXCONNECTS, ClientLimits.idleConnections)
        text(CURLOPT_PROTOCOLS_STR, "http,https")
    }

    func target(_ url: CurlURL, socket: String?) {
        curl_shim_pointer(easy, CURLOPT_CURLU, UnsafeMutableRawPointer(url.handle))
        if let socket { text(CURLOPT_UNIX_SOCKET_PATH, socket) }
    }

    func headers(_ list: HeaderList) {
        curl_shim_pointer(easy, CURLOPT_HTTPHEADER, list.start)
        if list.asksForEncoding { return }
        text(CURLOPT_ACCEPT_ENCODING, "gzip")
    }

    func connections(_ list: HeaderList) {
        curl_shim_pointer(easy, CURLOPT_CONNECT_TO, list.start)
    }

    func secure(_ security: HTTPSecurity) {
        if !security.verifiesPeer {
            number(CURLOPT_SSL_VERIFYPEER, 0)
            number(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if !security.authorities.isEmpty {
            // In the place of the system's file; its folder stays when the system is trusted.
            blob(CURLOPT_CAINFO_BLOB, security.authorities)
            if !security.trustsSystem { curl_shim_text(easy, CURLOPT_CAPATH, nil) }
        }
        if !security.certificate.isEmpty {
            blob(CURLOPT_SSLCERT_BLOB, security.certificate)
            blob(CURLOPT_SSLKEY_BLOB, security.key)
        }
    }

    /// Sets method and body, which must stay where it is during `transfer`.
    func withBody<Result>(of request: HTTPRequest, _ transfer: () -> Result) -> Result {
        if request.method == "HEAD" {
            number(CURLOPT_NOBODY, 1)
            return transfer()
        }
        let hasBody = !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        return request.body.withUnsafeBytes { body in
            if hasBody {
                number(CURLOPT_POST, 1)
                curl_shim_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int(body.count))
                curl_shim_pointer(
                    easy, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress))
                // Without an address libcurl would ask for the body itself.
                if body.baseAddress == nil { text(CURLOPT_COPYPOSTFIELDS, "") }
            }
            text(CURLOPT_CUSTOMREQUEST, request.method)
            return transfer()
        }
    }

    private func number(_ option: CURLoption, _ value: Int) {
        curl_shim_number(easy, option, value)
    }

    private func text(_ option: CURLoption, _ value: String) {
        curl_shim_text(easy, option, value)
    }

    private func blob(_ option: CURLoption, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { curl_shim_blob(easy, option, $0.baseAddress, $0.count) }
    }
}

/// A list of lines as libcurl takes it; it must live as long as the transfer.
final class HeaderList {
    private(set) var start: UnsafeMutablePointer<curl_slist>?
    /// The request says itself which encodings it takes.
    private(set) var asksForEncoding = false

    init() {}

    /// What libcurl adds by itself, and nobody asked for, is taken out.
    convenience init(_ fields: [HTTPField]) {
        self.init()
        for field in fields {
            // libcurl's way of writing a field without a value.
            append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        for name in ["Accept", "Content-Type", "Expect"]
        where !fields.contains(where: { $0.name == name }) {
            append("\(name):")
        }
        asksForEncoding = fields.contains { $0.name == "Accept-Encoding" }
    }

    deinit { curl_slist_free_all(start) }

    func append(_ line: String) { start = curl_slist_append(start, line) }
}
