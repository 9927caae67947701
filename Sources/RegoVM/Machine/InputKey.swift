// SPDX-License-Identifier: Apache-2.0

/// The keys of a part of `input`, so that a policy's are compared with them when it is loaded and
/// not in each decision.
public protocol InputKey: CaseIterable, RawRepresentable where RawValue == Int {
    /// As policies write it.
    var word: StaticString { get }
}

extension InputKey {
    /// The key that a policy's string names; nil when there is none.
    public init?(_ name: Value) {
        for key in Self.allCases where name.equals(key.word) {
            self = key
            return
        }
        return nil
    }
}
