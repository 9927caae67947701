// SPDX-License-Identifier: Apache-2.0

/// The extensions of a certificate or of a certificate request (RFC 5280 section 4.2).
struct CertificateExtensions {
    struct Extension {
        var identifier: [Int]
        var isCritical: Bool
        var value: ArraySlice<UInt8>
    }

    struct URI {
        var text: String
        var reference: URIReference
    }

    var all: [Extension] = []
    private var unhandled: [[Int]] = []
    private var keyUsage = 0
    private(set) var extendedKeyUsages: [Int] = []
    private(set) var unknownKeyUsages: [[Int]] = []
    private var hasBasicConstraints = false
    private var isAuthority = false
    private var pathLength = 0
    private var subjectKeyIdentifier: ArraySlice<UInt8>?
    private var authorityKeyIdentifier: ArraySlice<UInt8>?
    private var ocspServers: [String] = []
    private var issuingCertificates: [String] = []
    private(set) var dnsNames: [String] = []
    private(set) var emailAddresses: [String] = []
    private(set) var addresses: [IPAddress] = []
    private(set) var uris: [URI] = []
    private var nameConstraints = NameConstraints()
    private var revocationLists: [String] = []
    private var policies: [[Int]] = []
    private var policyMappings: [(issuer: [Int], subject: [Int])] = []
    private var inhibitAnyPolicy: Int?
    private var inhibitPolicyMapping: Int?
    private var requireExplicitPolicy: Int?

    /// Numbers of Go's crypto/x509 for extended key usages.
    private static let keyUsages: [[Int]: Int] = [
        [2, 5, 29, 37, 0]: 0, [1, 3, 6, 1, 5, 5, 7, 3, 1]: 1, [1, 3, 6, 1, 5, 5, 7, 3, 2]: 2,
        [1, 3, 6, 1, 5, 5, 7, 3, 3]: 3, [1, 3, 6, 1, 5, 5, 7, 3, 4]: 4,
        [1, 3, 6, 1, 5, 5, 7, 3, 5]: 5, [1, 3, 6, 1, 5, 5, 7, 3, 6]: 6,
        [1, 3, 6, 1, 5, 5, 7, 3, 7]: 7, [1, 3, 6, 1, 5, 5, 7, 3, 8]: 8,
        [1, 3, 6, 1, 5, 5, 7, 3, 9]: 9, [1, 3, 6, 1, 4, 1, 311, 10, 3, 3]: 10,
        [2, 16, 840, 1, 113730, 4, 1]: 11, [1, 3, 6, 1, 4, 1, 311, 2, 1, 22]: 12,
        [1, 3, 6, 1, 4, 1, 311, 61, 1, 1]: 13,
    ]
    private static let authorityInformationAccess = [1, 3, 6, 1, 5, 5, 7, 1, 1]

    mutating func read(_ list: DERReader.Element) throws {
        var reader = list.reader
        while !reader.isAtEnd {
            var fields = try reader.next(DER.Tag.sequence).reader
            let identifier = try fields.next(DER.Tag.objectIdentifier).arcs()
            let isCritical =
                try fields.optional(DER.Tag.boolean).map { $0.content.first == 0xFF } ?? false
            let value = try fields.next(DER.Tag.octetString).content
            all.append(Extension(identifier: identifier, isCritical: isCritical, value: value))
            let isHandled = try interpret(all[all.count - 1])
            if isCritical && !isHandled { unhandled.append(identifier) }
        }
    }

    /// Takes over what an extension says; false when it is not known.
    private mutating func interpret(_ entry: Extension) throws -> Bool {
        let identifier = entry.identifier
        var value = DERReader(entry.value)
        if identifier == Self.authorityInformationAccess {
            try readInformationAccess(value.next(DER.Tag.sequence).reader)
            return true
        }
        guard identifier.count == 4, identifier[0...2] == [2, 5, 29] else { return false }
        switch identifier[3] {
        case 14: subjectKeyIdentifier = try value.next(DER.Tag.octetString).content
        case 15: try readKeyUsage(value.next(DER.Tag.bitString))
        case 17: return try readAlternativeNames(value.next(DER.Tag.sequence).reader)
        case 19: try readBasicConstraints(value.next(DER.Tag.sequence).reader)
        case 30:
            return try nameConstraints.read(
                value.next(DER.Tag.sequence).reader, isCritical: entry.isCritical)
        case 31: try readRevocationLists(value.next(DER.Tag.sequence).reader)
        case 32: try readPolicies(value.next(DER.Tag.sequence).reader)
        case 33: try readPolicyMappings(value.next(DER.Tag.sequence).reader)
        case 35: try readAuthorityKeyIdentifier(value.next(DER.Tag.sequence).reader)
        case 36: try readPolicyConstraints(value.next(DER.Tag.sequence).reader)
        case 37: try readExtendedKeyUsages(value.next(DER.Tag.sequence).reader)
        case 54: inhibitAnyPolicy = try value.next(DER.Tag.integer).smallInteger()
        default: return false
        }
        return true
    }

    private mutating func readKeyUsage(_ element: DERReader.Element) throws {
        let (bytes, unused) = try element.bits()
        for index in 0..<min(9, bytes.count * 8 - unused) {
            if bytes[bytes.startIndex + index / 8] >> UInt8(7 - index % 8) & 1 == 1 {
                keyUsage |= 1 << index
            }
        }
    }

    private mutating func readBasicConstraints(_ fields: DERReader) throws {
        var fields = fields
        hasBasicConstraints = true
        isAuthority = try fields.optional(DER.Tag.boolean)?.content.first == 0xFF
        pathLength = try fields.optional(DER.Tag.integer)?.smallInteger() ?? -1
    }

    private mutating func readAlternativeNames(_ names: DERReader) throws -> Bool {
        var names = names
        var isHandled = false
        while !names.isAtEnd {
            let name = try names.next()
            switch name.tag & 0x1F {
            case 1: emailAddresses.append(try name.asciiText())
            case 2: dnsNames.append(try name.asciiText())
            case 6:
                let text = try name.asciiText()
                guard let reference = try? URIReference(text) else {
                    throw BuiltinError.failed("x509: cannot parse URI \(GoText.quoted(text))")
                }
                uris.append(URI(text: text, reference: reference))
            case 7: addresses.append(try name.address())
            default: continue
            }
            isHandled = true
        }
        return isHandled
    }

    private mutating func readInformationAccess(_ descriptions: DERReader) throws {
        var descriptions = descriptions
        while !descriptions.isAtEnd {
            var fields = try descriptions.next(DER.Tag.sequence).reader
            let method = try fields.next(DER.Tag.objectIdentifier).arcs()
            let location = try fields.next()
            guard location.tag == DER.Tag.context(6, isConstructed: false) else { continue }
            switch method.last {
            case 1: ocspServers.append(try location.asciiText())
            case 2: issuingCertificates.append(try location.asciiText())
            default: break
            }
        }
    }

    private mutating func readRevocationLists(_ points: DERReader) throws {
        var points = points
        while !points.isAtEnd {
            var point = try points.next(DER.Tag.sequence).reader
            guard var name = try point.optional(DER.Tag.context(0))?.reader,
                var full = try name.optional(DER.Tag.context(0))?.reader
            else { continue }
            while !full.isAtEnd {
                let location = try full.next()
                if location.tag == DER.Tag.context(6, isConstructed: false) {
                    revocationLists.append(try location.asciiText())
                }
            }
        }
    }

    private mutating func readPolicies(_ list: DERReader) throws {
        var list = list
        while !list.isAtEnd {
            var policy = try list.next(DER.Tag.sequence).reader
            policies.append(try policy.next(DER.Tag.objectIdentifier).arcs())
        }
    }

    private mutating func readPolicyMappings(_ list: DERReader) throws {
        var list = list
        while !list.isAtEnd {
            var pair = try list.next(DER.Tag.sequence).reader
            let issuer = try pair.next(DER.Tag.objectIdentifier).arcs()
            policyMappings.append((issuer, try pair.next(DER.Tag.objectIdentifier).arcs()))
        }
    }

    private mutating func readAuthorityKeyIdentifier(_ fields: DERReader) throws {
        var fields = fields
        authorityKeyIdentifier = try fields.optional(DER.Tag.context(0, isConstructed: false))?
            .content
    }

    private mutating func readPolicyConstraints(_ fields: DERReader) throws {
        var fields = fields
        let explicit = try fields.optional(DER.Tag.context(0, isConstructed: false))
        requireExplicitPolicy = try explicit?.smallInteger()
        let mapping = try fields.optional(DER.Tag.context(1, isConstructed: false))
        inhibitPolicyMapping = try mapping?.smallInteger()
    }

    private mutating func readExtendedKeyUsages(_ list: DERReader) throws {
        var list = list
        while !list.isAtEnd {
            let identifier = try list.next(DER.Tag.objectIdentifier).arcs()
            if let usage = Self.keyUsages[identifier] {
                extendedKeyUsages.append(usage)
            } else {
                unknownKeyUsages.append(identifier)
            }
        }
    }
}

// MARK: Description

extension CertificateExtensions {
    /// Adds the fields that certificates alone have.
    func describe(into object: CollectionBuilder, _ evaluation: Evaluation) {
        describeShared(into: object, evaluation)
        object.insert("UnhandledCriticalExtensions", identifiers(unhandled, evaluation))
        object.insert("KeyUsage", .integer(keyUsage))
        object.insert(
            "ExtKeyUsage",
            extendedKeyUsages.isEmpty ? .null : evaluation.integers(extendedKeyUsages))
        object.insert("UnknownExtKeyUsage", identifiers(unknownKeyUsages, evaluation))
        object.insert("BasicConstraintsValid", .boolean(hasBasicConstraints))
        object.insert("IsCA", .boolean(isAuthority))
        object.insert("MaxPathLen", .integer(pathLength))
        object.insert("MaxPathLenZero", .boolean(hasBasicConstraints && pathLength == 0))
        object.insert("SubjectKeyId", subjectKeyIdentifier.map { evaluation.base64($0) } ?? .null)
        object.insert(
            "AuthorityKeyId", authorityKeyIdentifier.map { evaluation.base64($0) } ?? .null)
        object.insert("OCSPServer", evaluation.strings(ocspServers))
        object.insert("IssuingCertificateURL", evaluation.strings(issuingCertificates))
        object.insert("CRLDistributionPoints", evaluation.strings(revocationLists))
        nameConstraints.describe(into: object, evaluation)
        describePolicies(into: object, evaluation)
    }

    /// Adds the fields that certificates and requests have.
    func describeShared(into object: CollectionBuilder, _ evaluation: Evaluation) {
        let list = all.map { entry in
            evaluation.object([
                ("Id", evaluation.integers(entry.identifier)),
                ("Critical", .boolean(entry.isCritical)),
                ("Value", evaluation.base64(entry.value)),
            ])
        }
        object.insert("Extensions", list.isEmpty ? .null : evaluation.array(list))
        object.insert("ExtraExtensions", .null)
        object.insert("DNSNames", evaluation.strings(dnsNames))
        object.insert("EmailAddresses", evaluation.strings(emailAddresses))
        object.insert("IPAddresses", evaluation.strings(addresses.map(\.text)))
        let references = uris.map { $0.reference.describe(evaluation) }
        object.insert("URIs", references.isEmpty ? .null : evaluation.array(references))
    }

    private func describePolicies(into object: CollectionBuilder, _ evaluation: Evaluation) {
        func dotted(_ arcs: [Int]) -> String { arcs.map(String.init).joined(separator: ".") }
        object.insert("PolicyIdentifiers", identifiers(policies, evaluation))
        object.insert("Policies", evaluation.strings(policies.map(dotted)))
        let mappings = policyMappings.map { pair in
            evaluation.object([
                ("IssuerDomainPolicy", evaluation.string(dotted(pair.issuer))),
                ("SubjectDomainPolicy", evaluation.string(dotted(pair.subject))),
            ])
        }
        object.insert("PolicyMappings", mappings.isEmpty ? .null : evaluation.array(mappings))
        object.insert("InhibitAnyPolicy", .integer(inhibitAnyPolicy ?? 0))
        object.insert("InhibitAnyPolicyZero", .boolean(inhibitAnyPolicy == 0))
        object.insert("InhibitPolicyMapping", .integer(inhibitPolicyMapping ?? 0))
        object.insert("InhibitPolicyMappingZero", .boolean(inhibitPolicyMapping == 0))
        object.insert("RequireExplicitPolicy", .integer(requireExplicitPolicy ?? 0))
        object.insert("RequireExplicitPolicyZero", .boolean(requireExplicitPolicy == 0))
    }

    private func identifiers(_ list: [[Int]], _ evaluation: Evaluation) -> Value {
        list.isEmpty ? .null : evaluation.array(list.map { evaluation.integers($0) })
    }
}

extension URIReference {
    /// The fields of Go's `url.URL`.
    fileprivate func describe(_ evaluation: Evaluation) -> Value {
        evaluation.object([
            ("Scheme", evaluation.string(scheme)), ("Opaque", evaluation.string(opaque)),
            ("User", hasUserInformation ? .emptyObject : .null), ("Host", evaluation.string(host)),
            ("Path", evaluation.string(path)), ("RawPath", evaluation.string(rawPath)),
            ("ForceQuery", .boolean(endsWithQuestionMark)), ("OmitHost", .false),
            ("RawQuery", evaluation.string(rawQuery)), ("Fragment", evaluation.string(fragment)),
            ("RawFragment", .emptyString),
        ])
    }
}

extension DERReader.Element {
    fileprivate func asciiText() throws(DERReader.Malformed) -> String {
        guard content.allSatisfy({ $0 < 0x80 }) else { throw DERReader.Malformed() }
        return String(decoding: content, as: UTF8.self)
    }

    fileprivate func address() throws(DERReader.Malformed) -> IPAddress {
        let bits = content.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
        switch content.count {
        case 4: return IPAddress(bits: IPAddress.mappedPrefix | bits, isVersion4: true)
        case 16: return IPAddress(bits: bits, isVersion4: false)
        default: throw DERReader.Malformed()
        }
    }
}
