// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import PolicyBundle
import RegoVM

/// How bundles must be signed, by OPA's options.
struct SignatureOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "Bundles must be signed: a file with the PEM public key, or the secret of HS256.")
    var verificationKey: String?

    @Option(name: .long, help: "The key's name. Taken as OPA takes it; there is only one key.")
    var verificationKeyId = "default"

    @Option(name: .long, help: "The algorithm of the signature.")
    var signingAlg = "RS256"

    @Option(name: .long, help: "The scope that the signature must have.")
    var scope = ""

    @Option(
        name: .long, parsing: .singleValue,
        help: "A pattern of files that need not be signed. May be repeated.")
    var excludeFilesVerify: [String] = []

    @Flag(name: .long, help: "Take signed bundles without verifying them.")
    var skipVerify = false

    struct Unusable: Error {
        let message: String
    }

    /// nil when no key is given.
    func verification() throws(Unusable) -> BundleVerification? {
        guard let verificationKey else { return nil }
        // As in OPA what is no file is the key itself.
        let text = (try? InputBytes.read(verificationKey)) ?? Array(verificationKey.utf8)
        do throws(SignedToken.Failure) {
            return BundleVerification(
                key: try VerificationKey(text, algorithm: signingAlg), scope: scope,
                excluded: excludeFilesVerify)
        } catch {
            throw Unusable(message: "--verification-key: \(error.message)")
        }
    }
}
