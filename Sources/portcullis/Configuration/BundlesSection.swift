// SPDX-License-Identifier: Apache-2.0
import PolicyBundle
import RegoVM

extension Configuration {
    /// Whether policies and data must come signed. With a key every path of `policies` and `data`
    /// is a bundle, a folder or a `.tar.gz` file, whose `.signatures.json` (as of `opa sign`) lists
    /// each of its files; nothing is loaded of one that is not what was signed.
    struct Bundles {
        /// `bundles.key`: a file with a PEM public key or certificate, or with the secret of an
        /// `HS` algorithm, all of its bytes. Default: none, and then signed bundles are refused.
        var key: String?
        /// `bundles.algorithm`: the only algorithm that signatures may have. Default: `RS256`.
        var algorithm = "RS256"
        /// `bundles.scope`: the scope that signatures must have. Default: none.
        var scope = ""
        /// `bundles.exclude`: patterns of files that need not be signed. Danger: a policy among
        /// them is loaded whoever wrote it.
        var excluded: [String] = []
        /// `bundles.skip_verify`: take signed bundles as they are; not beside `bundles.key`.
        var skipsVerification = false
    }
}

extension Configuration.Bundles {
    mutating func read(_ section: Section) {
        key = section.optionalText("key")
        algorithm = section.text("algorithm", algorithm)
        scope = section.text("scope", scope)
        excluded = section.list("exclude", excluded)
        skipsVerification = section.flag("skip_verify", skipsVerification)
        if key == nil {
            for name in ["algorithm", "scope", "exclude"] where section.has(name) {
                section.reject(name, "expected `key` beside it")
            }
        } else if skipsVerification {
            section.reject("skip_verify", "expected no `key` beside it")
        }
    }

    /// Loads policies and data.
    func load(_ paths: [String]) throws(LoadFailure) -> PolicySources {
        var loader = PolicyLoader()
        loader.skipsVerification = skipsVerification
        guard let key else { return try loader.load(paths) }
        do {
            loader.verification = BundleVerification(
                key: try VerificationKey(try InputBytes.read(key), algorithm: algorithm),
                scope: scope, excluded: excluded)
        } catch let failure as SignedToken.Failure {
            throw LoadFailure([LoadError(.signature, key, failure.message)])
        } catch let failure as InputBytes.Unreadable {
            throw LoadFailure([LoadError(.signature, key, failure.description)])
        } catch {
            throw LoadFailure([LoadError(.signature, key, "cannot be read")])
        }
        return try loader.load([], bundles: paths)
    }
}
