// SPDX-License-Identifier: Apache-2.0

/// The names that an authority may issue for (RFC 5280 section 4.2.1.10). They are shown; OpenSSL
/// enforces them.
struct NameConstraints {
    private struct Names {
        var dns: [String] = []
        var emails: [String] = []
        var uris: [String] = []
        var networks: [(address: IPAddress, mask: ArraySlice<UInt8>)] = []
    }

    private var permitted = Names()
    private var excluded = Names()
    private var isCritical = false

    /// False when a kind of name is constrained that is not known here.
    mutating func read(_ fields: DERReader, isCritical: Bool) throws -> Bool {
        var fields = fields
        self.isCritical = isCritical
        var isHandled = true
        if let subtrees = try fields.optional(DER.Tag.context(0))?.reader {
            isHandled = try Self.read(subtrees, into: &permitted) && isHandled
        }
        if let subtrees = try fields.optional(DER.Tag.context(1))?.reader {
            isHandled = try Self.read(subtrees, into: &excluded) && isHandled
        }
        return isHandled
    }

    private static func read(_ subtrees: DERReader, into names: inout Names) throws -> Bool {
        var subtrees = subtrees
        var isHandled = true
        while !subtrees.isAtEnd {
            var subtree = try subtrees.next(DER.Tag.sequence).reader
            let base = try subtree.next()
            let text = String(decoding: base.content, as: UTF8.self)
            switch base.tag & 0x1F {
            case 1: names.emails.append(text)
            case 2: names.dns.append(text)
            case 6: names.uris.append(text)
            case 7: names.networks.append(try network(base.content))
            default: isHandled = false
            }
        }
        return isHandled
    }

    private static func network(
        _ content: ArraySlice<UInt8>
    ) throws(DERReader.Malformed) -> (address: IPAddress, mask: ArraySlice<UInt8>) {
        guard content.count == 8 || content.count == 32 else { throw DERReader.Malformed() }
        let bits = content.prefix(content.count / 2).reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
        let isVersion4 = content.count == 8
        let address = IPAddress(
            bits: isVersion4 ? IPAddress.mappedPrefix | bits : bits, isVersion4: isVersion4)
        return (address, content.suffix(content.count / 2))
    }

    func describe(into object: CollectionBuilder, _ evaluation: Evaluation) {
        func networks(_ names: Names) -> Value {
            let list = names.networks.map { network in
                evaluation.object([
                    ("IP", evaluation.string(network.address.text)),
                    ("Mask", evaluation.base64(network.mask)),
                ])
            }
            return list.isEmpty ? .null : evaluation.array(list)
        }
        object.insert("PermittedDNSDomainsCritical", .boolean(isCritical))
        object.insert("PermittedDNSDomains", evaluation.strings(permitted.dns))
        object.insert("ExcludedDNSDomains", evaluation.strings(excluded.dns))
        object.insert("PermittedIPRanges", networks(permitted))
        object.insert("ExcludedIPRanges", networks(excluded))
        object.insert("PermittedEmailAddresses", evaluation.strings(permitted.emails))
        object.insert("ExcludedEmailAddresses", evaluation.strings(excluded.emails))
        object.insert("PermittedURIDomains", evaluation.strings(permitted.uris))
        object.insert("ExcludedURIDomains", evaluation.strings(excluded.uris))
    }
}
