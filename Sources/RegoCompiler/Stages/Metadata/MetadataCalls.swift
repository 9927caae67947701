// SPDX-License-Identifier: Apache-2.0

/// Replaces `rego.metadata.rule()` and `rego.metadata.chain()` by constants (OPA's stage
/// RewriteRegoMetadataCalls).
enum MetadataCalls {
    @Sendable
    static func rewrite(_ compilation: Compilation) -> [Diagnostic] { [] }
}
