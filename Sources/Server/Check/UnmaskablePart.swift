// SPDX-License-Identifier: Apache-2.0

/// What no mask may take out of a record, because the agents' context is rebuilt from it at each
/// start: without it an agent would be known by no name, or rid of what was put on it.
public enum UnmaskablePart {
    private static let parts = [
        "/input/agent/id", "/result/action", "/result/allowed", "/result/labels",
        "/result/restrictions",
    ]

    /// The code of the refusal when a mask asks for it all the same.
    static let code: StaticString = "mask_refused"

    /// - Parameter pointer: a JSON pointer of a mask policy.
    /// - Returns: the part that it would take out or reach into; nil when it may.
    public static func find(_ pointer: String) -> String? {
        parts.first { pointer == $0 || pointer.hasPrefix($0 + "/") }
    }
}
