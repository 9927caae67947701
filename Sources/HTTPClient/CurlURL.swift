// SPDX-License-Identifier: Apache-2.0
import CCurl
import RegoVM

/// A URL as libcurl reads it. The same reading decides which host is allowed and which one is
/// connected to, so that no URL means two hosts.
final class CurlURL {
    let handle: OpaquePointer

    init(_ text: String) throws(NetworkFailure) {
        guard let handle = curl_url() else { throw .failed("out of memory") }
        self.handle = handle
        let status = curl_url_set(handle, CURLUPART_URL, text, 0)
        guard status == CURLUE_OK else {
            throw .invalid("parse \"\(text)\": \(String(cString: curl_url_strerror(status)))")
        }
        let scheme = try part(CURLUPART_SCHEME)
        guard scheme == "http" || scheme == "https" else {
            throw .invalid("unsupported protocol scheme \"\(scheme)\"")
        }
    }

    deinit { curl_url_cleanup(handle) }

    var host: String { get throws(NetworkFailure) { try part(CURLUPART_HOST) } }
    var isSecure: Bool { get throws(NetworkFailure) { try part(CURLUPART_SCHEME) == "https" } }
    var port: String {
        get throws(NetworkFailure) {
            try part(CURLUPART_PORT, flags: UInt32(CURLU_DEFAULT_PORT))
        }
    }

    func setHost(_ host: String) throws(NetworkFailure) {
        guard curl_url_set(handle, CURLUPART_HOST, host, 0) == CURLUE_OK else {
            throw .invalid("invalid server name \"\(host)\"")
        }
    }

    private func part(_ part: CURLUPart, flags: UInt32 = 0) throws(NetworkFailure) -> String {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else {
            throw .invalid("http: no host in request URL")
        }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
