// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Platform
import TransparencyLog

/// The log's signing key: an Ed25519 key in a PKCS#8 PEM file of mode 0600.
public enum LogKey {
    /// The origin when none is configured.
    public static let defaultOrigin = "portcullis.local/decisions"

    /// Makes a new key; never overwrites one.
    public static func create(_ path: String) throws(LogError) {
        do {
            try SecretFile.create(path, try Ed25519PrivateKey.generate().pem())
        } catch {
            throw LogError(.key, "no key made: \(error)")
        }
    }

    /// Reads the key.
    ///
    /// - Parameters:
    ///   - origin: the log's name and the key's.
    ///   - hasLog: whether there is a log that only this key continues.
    public static func load(
        _ path: String, origin: String, hasLog: Bool = false
    ) throws(LogError) -> NoteSigner {
        let key: Ed25519PrivateKey
        do {
            guard let pem = try SecretFile.read(path) else {
                throw LogError(
                    .key, "no key at `\(path)`",
                    hint: hasLog
                        ? "restore it from a copy: the log that is there is signed with it, and no "
                            + "other key continues that"
                        : "make one with `portcullis log create`")
            }
            key = try Ed25519PrivateKey(pem: pem)
        } catch let error as LogError {
            throw error
        } catch {
            throw LogError(.key, "key `\(path)`: \(error)")
        }
        do {
            return try NoteSigner(name: origin, privateKey: key)
        } catch {
            throw LogError(.key, error.description)
        }
    }

    /// The verifier keys that this key followed, oldest first: what they signed is still this
    /// log's. A line each in the file beside the key; there is none before the first change.
    public static func history(_ path: String) throws(LogError) -> [VerifierKey] {
        do {
            let bytes = try FileReplacement.read(historyPath(path)) ?? []
            return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
                try VerifierKey(String($0))
            }
        } catch {
            throw LogError(.key, "key history `\(historyPath(path))`: \(error)")
        }
    }

    /// Notes that another key follows `key`; once.
    public static func retire(_ key: VerifierKey, _ path: String) throws(LogError) {
        var keys = try history(path).map(\.text)
        guard keys.last != key.text else { return }
        keys.append(key.text)
        do {
            let text = keys.joined(separator: "\n") + "\n"
            try FileReplacement.write(Array(text.utf8), to: historyPath(path))
        } catch {
            throw LogError(error)
        }
    }

    private static func historyPath(_ path: String) -> String { path + ".history" }
}
