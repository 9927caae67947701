// SPDX-License-Identifier: Apache-2.0
import Authorization

/// What is left out of a check, or put in the place of something, before it is kept. Credentials
/// are left out whatever this says.
public struct CheckRequestMask {
    /// What is kept of the body.
    public enum Body: Sendable {
        case whole
        /// A form: names without values.
        case form
        case none
    }

    /// Parts that are left out as a whole.
    public struct Parts: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        public static let source = Parts(rawValue: 1)
        public static let destination = Parts(rawValue: 2)
        /// The caller's name in its certificate, and the certificate.
        public static let principal = Parts(rawValue: 4)
        public static let headers = Parts(rawValue: 8)
        public static let path = Parts(rawValue: 16)
        public static let host = Parts(rawValue: 32)
        public static let contextExtensions = Parts(rawValue: 64)
        public static let metadata = Parts(rawValue: 128)
        public static let routeMetadata = Parts(rawValue: 256)
        public static let tlsSession = Parts(rawValue: 512)
        public static let everything = Parts(rawValue: 1023)
        /// Everything but the body.
        public static let allButBody = Parts(rawValue: 1024)
    }

    public struct Header: Sendable {
        /// In lower case.
        public var name: Bytes
        /// nil leaves the header out.
        public var value: Bytes?

        public init(name: Bytes, value: Bytes?) {
            self.name = name
            self.value = value
        }
    }

    public var body = Body.whole
    /// Stands for the body when it is kept whole.
    public var newBody: Bytes?
    public var newPath: Bytes?
    public var parts: Parts = []
    public var headers: [Header] = []

    public init() {}

    /// Forgets everything; keeps the table's capacity.
    public mutating func reset() {
        body = .whole
        newBody = nil
        newPath = nil
        parts = []
        if !headers.isEmpty { headers.removeAll(keepingCapacity: true) }
    }

    /// How a form's body is to be kept, and one that holds secrets by its protocol.
    public static func body(of request: AttributeContext) -> Body {
        guard let http = request.http, !(http.body.isEmpty && http.rawBody.isEmpty),
            let type = request.header(Bytes("content-type"))
        else { return .whole }
        return type.startsIgnoringCase("application/x-www-form-urlencoded") ? .form : .whole
    }

    /// Nothing of the headers is left out or replaced.
    var isPlain: Bool { headers.isEmpty && parts.isEmpty && newPath == nil }

    /// Bytes that the replacements may need.
    var newTextBytes: Int {
        var total = 2 * (newPath?.count ?? 0)
        for header in headers { total += header.value?.count ?? 0 }
        return total
    }

    func replacement(of name: Bytes) -> Header? {
        headers.isEmpty ? nil : headers.first { $0.name == name }
    }
}
