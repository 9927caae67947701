// SPDX-License-Identifier: Apache-2.0

/// An X.509 certificate (RFC 5280), taken apart as Go's crypto/x509 does.
struct Certificate {
    let whole: ArraySlice<UInt8>
    private let signed: ArraySlice<UInt8>
    private let rawSubject: ArraySlice<UInt8>
    private let rawIssuer: ArraySlice<UInt8>
    private let signature: ArraySlice<UInt8>
    let signatureAlgorithm: Int
    private let publicKey: PublicKeyInfo
    private let version: Int
    private let serialNumber: ArraySlice<UInt8>
    private let issuer: CertificateName
    private let subject: CertificateName
    private let notBefore: ZonedTime
    private let notAfter: ZonedTime
    let extensions: CertificateExtensions

    /// Reads certificates that stand one behind the other.
    static func all(_ bytes: [UInt8]) throws(BuiltinError) -> [Certificate] {
        var reader = DERReader(bytes)
        var certificates: [Certificate] = []
        while !reader.isAtEnd {
            do {
                certificates.append(try Certificate(try reader.next(DER.Tag.sequence)))
            } catch let error as BuiltinError {
                throw error
            } catch {
                throw .failed("x509: malformed certificate")
            }
        }
        return certificates
    }

    init(_ element: DERReader.Element) throws {
        whole = element.whole
        var outer = element.reader
        let body = try outer.next(DER.Tag.sequence)
        signed = body.whole
        signatureAlgorithm = try CertificateAlgorithm.signature(outer.next(DER.Tag.sequence))
        signature = try outer.next(DER.Tag.bitString).bits().bytes
        var fields = body.reader
        if var explicit = try fields.optional(DER.Tag.context(0))?.reader {
            version = try explicit.next(DER.Tag.integer).smallInteger() + 1
        } else {
            version = 1
        }
        serialNumber = try fields.next(DER.Tag.integer).content
        guard let sign = serialNumber.first else { throw DERReader.Malformed() }
        guard sign < 0x80 else { throw BuiltinError.failed("x509: negative serial number") }
        _ = try fields.next(DER.Tag.sequence)
        let issuer = try fields.next(DER.Tag.sequence)
        rawIssuer = issuer.whole
        self.issuer = try CertificateName(issuer)
        var validity = try fields.next(DER.Tag.sequence).reader
        notBefore = try validity.next().time()
        notAfter = try validity.next().time()
        let subject = try fields.next(DER.Tag.sequence)
        rawSubject = subject.whole
        self.subject = try CertificateName(subject)
        publicKey = try PublicKeyInfo(fields.next(DER.Tag.sequence))
        _ = try fields.optional(DER.Tag.context(1, isConstructed: false))
        _ = try fields.optional(DER.Tag.context(2, isConstructed: false))
        var extensions = CertificateExtensions()
        if var list = try fields.optional(DER.Tag.context(3))?.reader {
            try extensions.read(list.next(DER.Tag.sequence))
        }
        self.extensions = extensions
    }

    /// The certificate in the form of Go's JSON.
    /// - Parameter withURIStrings: adds OPA's field `URIStrings`.
    func describe(_ evaluation: Evaluation, withURIStrings: Bool) throws(BuiltinError) -> Value {
        let object = CollectionBuilder.object(in: evaluation.arena, capacity: 64)
        object.insert("Raw", evaluation.base64(whole))
        object.insert("RawTBSCertificate", evaluation.base64(signed))
        object.insert("RawSubjectPublicKeyInfo", evaluation.base64(publicKey.whole))
        object.insert("RawSubject", evaluation.base64(rawSubject))
        object.insert("RawIssuer", evaluation.base64(rawIssuer))
        object.insert("Signature", evaluation.base64(signature))
        object.insert("SignatureAlgorithm", .integer(signatureAlgorithm))
        object.insert(
            "PublicKeyAlgorithm", .integer(CertificateAlgorithm.publicKey(publicKey.algorithm)))
        do {
            object.insert("PublicKey", try publicKey.describe(evaluation))
        } catch {
            throw .failed("x509: malformed public key")
        }
        object.insert("Version", .integer(version))
        object.insert("SerialNumber", evaluation.number(bigEndian: serialNumber))
        object.insert("Issuer", issuer.describe(evaluation))
        object.insert("Subject", subject.describe(evaluation))
        object.insert("NotBefore", evaluation.time(notBefore))
        object.insert("NotAfter", evaluation.time(notAfter))
        extensions.describe(into: object, evaluation)
        if withURIStrings {
            object.insert("URIStrings", evaluation.strings(extensions.uris.map(\.text)))
        }
        return object.finish()
    }
}

extension Evaluation {
    fileprivate func time(_ time: ZonedTime) -> Value {
        string(String(decoding: time.formatted(TimeLayout.rfc3339Nano), as: UTF8.self))
    }
}

extension DERReader.Element {
    /// UTCTime or GeneralizedTime, to the second and in UTC (RFC 5280 section 4.1.2.5).
    func time() throws(DERReader.Malformed) -> ZonedTime {
        let digits = content.dropLast()
        let isShort = tag == DER.Tag.utcTime
        guard isShort || tag == DER.Tag.generalizedTime, content.last == UInt8(ascii: "Z"),
            digits.count == (isShort ? 12 : 14), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { throw DERReader.Malformed() }
        let numbers = stride(from: digits.startIndex, to: digits.endIndex, by: 2).map {
            Int(digits[$0] - 0x30) * 10 + Int(digits[$0 + 1] - 0x30)
        }
        let year =
            isShort
            ? numbers[0] + (numbers[0] >= 50 ? 1900 : 2000) : numbers[0] * 100 + numbers[1]
        let rest = Array(numbers.dropFirst(isShort ? 1 : 2))
        guard (1...12).contains(rest[0]), rest[1] >= 1,
            rest[1] <= CivilDate.days(inMonth: rest[0], of: year),
            rest[2] < 24, rest[3] < 60, rest[4] < 60
        else { throw DERReader.Malformed() }
        return ZonedTime(
            CivilDate(year: year, month: rest[0], day: rest[1]),
            secondOfDay: (rest[2] * 60 + rest[3]) * 60 + rest[4], nanoseconds: 0, zone: .utc)
    }
}
