// SPDX-License-Identifier: Apache-2.0

/// Keys of tokens as policies hand them over: a PEM certificate, a PEM public key, a JSON Web Key
/// or
/// a key set. Parsed ones are kept from decision to decision.
final class TokenKeySource {
    private var known: [String: [TokenKey]] = [:]

    static func keys(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError) -> [TokenKey] {
        let source = evaluation.cache(TokenKeySource.self) { TokenKeySource() }
        let name = text.asString ?? ""
        if let keys = source.known[name] { return keys }
        let keys = try parse(text, evaluation)
        if text.count <= Limits.cachedKeyBytes {
            if source.known.count >= Limits.cachedKeys { source.known.removeAll() }
            source.known[name] = keys
        }
        return keys
    }

    private static func parse(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> [TokenKey]
    {
        var rest: ArraySlice<UInt8> = []
        guard let block = PEMBlock.first(in: ArraySlice(text.bytes), rest: &rest) else {
            return try keySet(text, evaluation)
        }
        guard rest.isEmpty else { throw .failed("extra data after a PEM certificate block") }
        switch block.type {
        case "CERTIFICATE":
            guard let key = OpenSSLKey.certificateKey(der: block.bytes) else {
                throw .failed("failed to parse a PEM certificate: x509: malformed certificate")
            }
            return [TokenKey(material: .asymmetric(key))]
        case "PUBLIC KEY":
            guard let key = OpenSSLKey.publicKey(info: block.bytes) else {
                throw .failed("failed to parse a PEM public key: asn1: structure error")
            }
            return [TokenKey(material: .asymmetric(key))]
        default:
            throw .failed("failed to extract a Key from the PEM certificate")
        }
    }

    private static func keySet(_ text: Value, _ evaluation: Evaluation) throws(BuiltinError)
        -> [TokenKey]
    {
        do {
            let document = try JSONReader.read(text.bytes, into: evaluation.arena)
            let keys = try JSONWebKey.keys(document)
            // Keys of algorithms that no token here can have, such as encryption, are passed over.
            return keys.filter { $0.algorithm.isEmpty || TokenAlgorithm($0.algorithm) != nil }
        } catch let failure as JSONReader.Failure {
            throw .failed("failed to parse a JWK key (set): \(failure.code.rawValue)")
        } catch let error as BuiltinError {
            throw .failed("failed to parse a JWK key (set): \(error.message)")
        } catch {
            throw .failed("failed to parse a JWK key (set)")
        }
    }
}
