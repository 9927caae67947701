// SPDX-License-Identifier: Apache-2.0

extension Value {
    /// A number as the nearest double; nil for all other kinds.
    public var asDouble: Double? {
        switch kind {
        case .integer: Double(Int64(bitPattern: bits))
        case .decimal: Double(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }
}
