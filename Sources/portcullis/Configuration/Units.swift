// SPDX-License-Identifier: Apache-2.0

/// Numbers with units, as people write them.
enum Units {
    private static let times: [(suffix: String, nanoseconds: Int64)] = [
        ("ms", 1_000_000), ("us", 1000), ("ns", 1), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ]
    private static let sizes: [(suffix: String, bytes: Int64)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("MB", 1_000_000),
        ("GB", 1_000_000_000), ("B", 1),
    ]

    /// `200ms`, `1.5s`, `5m`, `1h`: nanoseconds; nil when it is none.
    static func duration(_ text: String) -> Int64? {
        for (suffix, factor) in times where text.hasSuffix(suffix) {
            return scaled(text.dropLast(suffix.count), factor)
        }
        return nil
    }

    /// `4MiB`, `64 KiB`, `1000`: bytes; nil when it is none.
    static func size(_ text: String) -> Int64? {
        for (suffix, factor) in sizes where text.hasSuffix(suffix) {
            return scaled(text.dropLast(suffix.count), factor)
        }
        return scaled(text[...], 1)
    }

    private static func scaled(_ text: Substring, _ factor: Int64) -> Int64? {
        var digits = text
        while digits.last == " " { digits.removeLast() }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
            let number = Double(digits)
        else { return nil }
        return Int64(exactly: (number * Double(factor)).rounded())
    }

    /// The shortest way to write a duration.
    static func text(nanoseconds: Int64) -> String {
        for suffix in ["h", "m", "s", "ms", "us"] {
            guard let factor = times.first(where: { $0.suffix == suffix })?.nanoseconds else {
                continue
            }
            if nanoseconds >= factor, nanoseconds % factor == 0 {
                return "\(nanoseconds / factor)\(suffix)"
            }
        }
        return "\(nanoseconds)ns"
    }

    static func text(bytes: Int64) -> String {
        for suffix in ["GiB", "MiB", "KiB"] {
            guard let factor = sizes.first(where: { $0.suffix == suffix })?.bytes else { continue }
            if bytes >= factor, bytes % factor == 0 { return "\(bytes / factor)\(suffix)" }
        }
        return "\(bytes)B"
    }
}
