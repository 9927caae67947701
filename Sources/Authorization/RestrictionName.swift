// SPDX-License-Identifier: Apache-2.0

/// Names of what can be taken from an agent, in policies' answers, operators' calls and records.
public enum RestrictionName {
    private static let whole: [StaticString] = [
        "read_only", "no_egress", "no_delegation", "isolate",
    ]
    /// Those with something after the colon.
    private static let families: [StaticString] = ["no_tool:", "strip_scopes:"]

    /// All of them, for messages.
    public static let list =
        "`read_only`, `no_egress`, `no_delegation`, `isolate`, `no_tool:<name>` or "
        + "`strip_scopes:<scopes>`"

    /// Whether somebody acts on it: a name that nobody knows would take nothing away.
    public static func isKnown(_ name: Bytes) -> Bool {
        for known in whole where name.equals(known) { return true }
        for family in families {
            if let rest = name.suffix(after: family), !rest.isEmpty { return true }
        }
        return false
    }

    public static func isKnown(_ name: String) -> Bool { bytes(of: name, isKnown) }

    /// Whether it is a name, or `no_tool:` or `strip_scopes:` for all that begin so.
    public static func isPattern(_ name: String) -> Bool {
        bytes(of: name) { name in
            isKnown(name) || families.contains { name.equals($0) }
        }
    }

    private static func bytes(of name: String, _ body: (Bytes) -> Bool) -> Bool {
        var name = name
        return name.withUTF8 { body(Bytes(UnsafeRawBufferPointer($0))) }
    }
}
