// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Hash functions of OpenSSL.
enum Digest: Sendable {
    case md5, sha1, sha256, sha384, sha512

    /// OpenSSL's static description of the function.
    var method: OpaquePointer? {
        switch self {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    /// Bytes of a hash.
    var length: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        let done = EVP_Digest(bytes.baseAddress, bytes.count, &output, nil, method, nil)
        // A hash that a provider refuses must not look like one that all inputs share.
        precondition(done == 1, "OpenSSL has no \(self)")
        return output
    }

    func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBufferPointer { hash($0) } }

    /// HMAC (RFC 2104).
    func authenticate(
        _ message: UnsafeBufferPointer<UInt8>, key: UnsafeBufferPointer<UInt8>
    ) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: length)
        var written: UInt32 = 0
        // OpenSSL wants an address also for an empty key.
        let done = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { empty in
            HMAC(
                method, key.baseAddress ?? UnsafePointer(empty.baseAddress), Int32(key.count),
                message.baseAddress ?? UnsafePointer(empty.baseAddress), message.count, &output,
                &written)
        }
        precondition(done != nil && Int(written) == length, "OpenSSL has no HMAC of \(self)")
        return output
    }

    func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        message.withUnsafeBufferPointer { message in
            key.withUnsafeBufferPointer { authenticate(message, key: $0) }
        }
    }
}

/// Compares secrets in a time that depends on the length alone.
func equalInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
}
