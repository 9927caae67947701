// SPDX-License-Identifier: Apache-2.0

/// Algorithms as Go's crypto/x509 numbers them.
enum CertificateAlgorithm {
    static let rsa = [1, 2, 840, 113549, 1, 1, 1]
    static let elliptic = [1, 2, 840, 10045, 2, 1]
    static let edwards25519 = [1, 3, 101, 112]
    private static let dsa = [1, 2, 840, 10040, 4, 1]
    private static let pss = [1, 2, 840, 113549, 1, 1, 10]

    private static let signatures: [[Int]: Int] = [
        [1, 2, 840, 113549, 1, 1, 2]: 1, [1, 2, 840, 113549, 1, 1, 4]: 2,
        [1, 2, 840, 113549, 1, 1, 5]: 3, [1, 3, 14, 3, 2, 29]: 3,
        [1, 2, 840, 113549, 1, 1, 11]: 4, [1, 2, 840, 113549, 1, 1, 12]: 5,
        [1, 2, 840, 113549, 1, 1, 13]: 6, [1, 2, 840, 10040, 4, 3]: 7,
        [2, 16, 840, 1, 101, 3, 4, 3, 2]: 8, [1, 2, 840, 10045, 4, 1]: 9,
        [1, 2, 840, 10045, 4, 3, 2]: 10, [1, 2, 840, 10045, 4, 3, 3]: 11,
        [1, 2, 840, 10045, 4, 3, 4]: 12, edwards25519: 16,
    ]
    private static let pssHashes: [[Int]: Int] = [
        [2, 16, 840, 1, 101, 3, 4, 2, 1]: 13, [2, 16, 840, 1, 101, 3, 4, 2, 2]: 14,
        [2, 16, 840, 1, 101, 3, 4, 2, 3]: 15,
    ]
    /// MD2, MD5 and SHA-1, which nobody should trust any more.
    static let broken: Set<Int> = [1, 2, 3, 7, 9]

    /// The number of a signature algorithm; 0 when it is unknown.
    static func signature(_ identifier: DERReader.Element) throws(DERReader.Malformed) -> Int {
        var fields = identifier.reader
        let arcs = try fields.next(DER.Tag.objectIdentifier).arcs()
        guard arcs == pss else { return signatures[arcs] ?? 0 }
        var parameters = try fields.next(DER.Tag.sequence).reader
        guard var hash = try parameters.optional(DER.Tag.context(0))?.reader else { return 0 }
        var algorithm = try hash.next(DER.Tag.sequence).reader
        return pssHashes[try algorithm.next(DER.Tag.objectIdentifier).arcs()] ?? 0
    }

    static func publicKey(_ arcs: [Int]) -> Int {
        switch arcs {
        case rsa, pss: 1
        case dsa: 2
        case elliptic: 3
        case edwards25519: 4
        default: 0
        }
    }
}

/// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
struct PublicKeyInfo {
    let whole: ArraySlice<UInt8>
    let algorithm: [Int]
    /// The named curve of an elliptic key.
    let curve: [Int]
    let key: ArraySlice<UInt8>

    init(_ element: DERReader.Element) throws(DERReader.Malformed) {
        whole = element.whole
        var fields = element.reader
        var identifier = try fields.next(DER.Tag.sequence).reader
        algorithm = try identifier.next(DER.Tag.objectIdentifier).arcs()
        curve = try identifier.optional(DER.Tag.objectIdentifier)?.arcs() ?? []
        key = try fields.next(DER.Tag.bitString).bits().bytes
    }

    /// The key as Go's JSON shows it.
    func describe(_ evaluation: Evaluation) throws(DERReader.Malformed) -> Value {
        switch algorithm {
        case CertificateAlgorithm.rsa:
            var outer = DERReader(key)
            var numbers = try outer.next(DER.Tag.sequence).reader
            let modulus = try numbers.next(DER.Tag.integer).content
            let exponent = try numbers.next(DER.Tag.integer).smallInteger()
            return evaluation.object([
                ("N", evaluation.number(bigEndian: modulus)), ("E", .integer(exponent)),
            ])
        case CertificateAlgorithm.elliptic:
            let (x, y) = try point()
            return evaluation.object([
                ("Curve", .emptyObject), ("X", evaluation.number(bigEndian: x)),
                ("Y", evaluation.number(bigEndian: y)),
            ])
        case CertificateAlgorithm.edwards25519: return evaluation.base64(key)
        default: return .null
        }
    }

    /// The coordinates of an uncompressed point.
    func point() throws(DERReader.Malformed) -> (x: ArraySlice<UInt8>, y: ArraySlice<UInt8>) {
        guard key.first == 0x04, key.count % 2 == 1, key.count > 1 else {
            throw DERReader.Malformed()
        }
        let half = key.count / 2
        return (key.dropFirst().prefix(half), key.suffix(half))
    }
}
