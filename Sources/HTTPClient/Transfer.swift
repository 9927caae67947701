// SPDX-License-Identifier: Apache-2.0
import CCurl
import RegoVM

/// One libcurl handle with its connections: does one exchange at a time.
final class Transfer {
    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let reader = ResponseReader()

    /// Once per process, before the first handle.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() throws(NetworkFailure) {
        guard Self.isReady, let easy = curl_easy_init() else {
            throw .failed("the HTTP client cannot start")
        }
        guard let multi = curl_multi_init() else {
            curl_easy_cleanup(easy)
            throw .failed("the HTTP client cannot start")
        }
        self.easy = easy
        self.multi = multi
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
    }

    func exchange(
        _ request: HTTPRequest, _ patience: Patience, _ allowed: AllowedHosts
    ) throws(NetworkFailure) -> HTTPResponse {
        let url = try CurlURL(request.url)
        let host = try url.host
        guard allowed.allow(host) else { throw .disallowed(host: host) }
        let settings = TransferSettings(easy)
        // Connections stay open; everything else is of this request only.
        defer { curl_easy_reset(easy) }
        reader.begin()
        settings.common()
        listen()
        let headers = HeaderList(request.headers)
        settings.headers(headers)
        settings.secure(request.security)
        let connections = HeaderList()
        if let name = request.security.serverName, try url.isSecure, name != host {
            // libcurl checks the certificate for the URL's host, and connects elsewhere.
            let port = try url.port
            try url.setHost(name)
            connections.append("\(name):\(port):\(host):\(port)")
            settings.connections(connections)
            if !request.headers.contains(where: { $0.name == "Host" }) {
                headers.append("Host: \(host)")
                settings.headers(headers)
            }
        }
        settings.target(url, socket: request.socket)
        // libcurl reads them until the transfer is done.
        let status = withExtendedLifetime((url, headers, connections)) {
            settings.withBody(of: request) { perform(patience) }
        }
        guard let status else { throw .timedOut }
        guard status == CURLE_OK.rawValue else { throw failure(status) }
        let redirect = curl_shim_get_text(easy, CURLINFO_REDIRECT_URL).map { String(cString: $0) }
        return reader.response(
            curl_shim_get_number(easy, CURLINFO_RESPONSE_CODE), redirect: redirect)
    }

    private func listen() {
        let target = Unmanaged.passUnretained(reader).toOpaque()
        curl_shim_sink(easy, CURLOPT_WRITEFUNCTION, takeBody)
        curl_shim_pointer(easy, CURLOPT_WRITEDATA, target)
        curl_shim_sink(easy, CURLOPT_HEADERFUNCTION, takeHeader)
        curl_shim_pointer(easy, CURLOPT_HEADERDATA, target)
    }

    /// Waits for the end of the transfer.
    ///
    /// - Returns: libcurl's code; nil when the patience ends first.
    private func perform(_ patience: Patience) -> UInt32? {
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
            return CURLE_FAILED_INIT.rawValue
        }
        defer { curl_multi_remove_handle(multi, easy) }
        while true {
            var running: Int32 = 0
            guard curl_multi_perform(multi, &running) == CURLM_OK else {
                return CURLE_FAILED_INIT.rawValue
            }
            var result: Int32 = 0
            if curl_shim_done(multi, &result) != 0 { return UInt32(bitPattern: result) }
            let left = patience.left
            guard left > 0 else { return nil }
            let pause = min(left, Limits.cancellationInterval)
            curl_multi_poll(multi, nil, 0, Int32(max(1, pause / 1_000_000)), nil)
        }
    }

    private func failure(_ status: UInt32) -> NetworkFailure {
        if status == CURLE_OPERATION_TIMEDOUT.rawValue { return .timedOut }
        if reader.isOverfull { return .failed("the response is too large") }
        return .failed(String(cString: curl_easy_strerror(CURLcode(rawValue: status))))
    }
}

/// Free functions: C calls them on whatever thread does the transfer.
private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ target: UnsafeMutableRawPointer?
) -> Int {
    take(bytes, size * count, target) { $0.add(body: $1) }
}

private func takeHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ target: UnsafeMutableRawPointer?
) -> Int {
    take(bytes, size * count, target) { $0.add(header: $1) }
}

/// Fewer bytes than there are end the transfer.
private func take(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ target: UnsafeMutableRawPointer?,
    _ add: (ResponseReader, UnsafeRawBufferPointer) -> Bool
) -> Int {
    guard let target else { return 0 }
    let reader = Unmanaged<ResponseReader>.fromOpaque(target).takeUnretainedValue()
    return add(reader, UnsafeRawBufferPointer(start: bytes, count: count)) ? count : -1
}
