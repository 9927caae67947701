// SPDX-License-Identifier: Apache-2.0

/// A certificate signing request (RFC 2986), taken apart as Go's crypto/x509 does.
struct CertificateRequest {
    private let whole: ArraySlice<UInt8>
    private let signed: ArraySlice<UInt8>
    private let rawSubject: ArraySlice<UInt8>
    private let signature: ArraySlice<UInt8>
    private let signatureAlgorithm: Int
    private let publicKey: PublicKeyInfo
    private let version: Int
    private let subject: CertificateName
    private var attributes: [DERReader.Element] = []
    private var extensions = CertificateExtensions()

    private static let extensionRequest = [1, 2, 840, 113549, 1, 9, 14]

    init(_ bytes: [UInt8]) throws {
        var file = DERReader(bytes)
        let element = try file.next(DER.Tag.sequence)
        guard file.isAtEnd else { throw DERReader.Malformed() }
        whole = element.whole
        var outer = element.reader
        let body = try outer.next(DER.Tag.sequence)
        signed = body.whole
        signatureAlgorithm = try CertificateAlgorithm.signature(outer.next(DER.Tag.sequence))
        signature = try outer.next(DER.Tag.bitString).bits().bytes
        var fields = body.reader
        version = try fields.next(DER.Tag.integer).smallInteger()
        let subject = try fields.next(DER.Tag.sequence)
        rawSubject = subject.whole
        self.subject = try CertificateName(subject)
        publicKey = try PublicKeyInfo(fields.next(DER.Tag.sequence))
        guard var list = try fields.optional(DER.Tag.context(0))?.reader else { return }
        while !list.isAtEnd {
            let attribute = try list.next(DER.Tag.sequence)
            attributes.append(attribute)
            var pair = attribute.reader
            guard try pair.next(DER.Tag.objectIdentifier).arcs() == Self.extensionRequest else {
                continue
            }
            var values = try pair.next(DER.Tag.set).reader
            try extensions.read(values.next(DER.Tag.sequence))
        }
    }

    func describe(_ evaluation: Evaluation) throws(BuiltinError) -> Value {
        let object = CollectionBuilder.object(in: evaluation.arena, capacity: 24)
        object.insert("Raw", evaluation.base64(whole))
        object.insert("RawTBSCertificateRequest", evaluation.base64(signed))
        object.insert("RawSubjectPublicKeyInfo", evaluation.base64(publicKey.whole))
        object.insert("RawSubject", evaluation.base64(rawSubject))
        object.insert("Version", .integer(version))
        object.insert("Signature", evaluation.base64(signature))
        object.insert("SignatureAlgorithm", .integer(signatureAlgorithm))
        object.insert(
            "PublicKeyAlgorithm", .integer(CertificateAlgorithm.publicKey(publicKey.algorithm)))
        do {
            object.insert("PublicKey", try publicKey.describe(evaluation))
        } catch {
            throw .failed("asn1: structure error: malformed public key")
        }
        object.insert("Subject", subject.describe(evaluation))
        let shown = attributes.compactMap { try? Self.describe($0, evaluation) }
        object.insert("Attributes", shown.isEmpty ? .null : evaluation.array(shown))
        extensions.describeShared(into: object, evaluation)
        return object.finish()
    }

    /// An attribute whose values are lists of typed values, as extensions are; others throw and are
    /// left out, as in Go.
    private static func describe(_ attribute: DERReader.Element, _ evaluation: Evaluation) throws
        -> Value
    {
        var pair = attribute.reader
        let type = try pair.next(DER.Tag.objectIdentifier).arcs()
        var values = try pair.next(DER.Tag.set).reader
        var lists: [Value] = []
        while !values.isAtEnd {
            var members = try values.next(DER.Tag.sequence).reader
            var list: [Value] = []
            while !members.isAtEnd {
                var member = try members.next(DER.Tag.sequence).reader
                let identifier = try member.next(DER.Tag.objectIdentifier).arcs()
                list.append(
                    evaluation.object([
                        ("Type", evaluation.integers(identifier)),
                        ("Value", try describeAny(member.next(), evaluation)),
                    ]))
            }
            lists.append(evaluation.array(list))
        }
        return evaluation.object([
            ("Type", evaluation.integers(type)), ("Value", evaluation.array(lists)),
        ])
    }

    private static func describeAny(_ element: DERReader.Element, _ evaluation: Evaluation) throws
        -> Value
    {
        switch element.tag {
        case DER.Tag.boolean: return .boolean(element.content.first == 0xFF)
        case DER.Tag.integer: return .integer(try element.smallInteger())
        case DER.Tag.octetString: return evaluation.base64(element.content)
        case DER.Tag.objectIdentifier: return evaluation.integers(try element.arcs())
        default: return element.text().map { evaluation.string($0) } ?? .null
        }
    }
}
