// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LogReading

@Suite struct MomentTests {
    private static let now: Int64 = 1_795_363_734_882_239_870

    @Test(
        "relative times",
        arguments: [
            ("0s", 0), ("90s", 90), ("10m", 600), ("2h", 7_200),
            ("7d", 604_800), ("1w", 604_800),
        ])
    func relative(text: String, seconds: Int64) {
        #expect(Moment.parse(text, now: Self.now) == Self.now - seconds * 1_000_000_000)
    }

    @Test(
        "RFC 3339, and parts of it",
        arguments: [
            ("2026-11-22T16:08:54.882239870Z", 1_795_363_734_882_239_870),
            ("2026-11-22T16:08:54Z", 1_795_363_734_000_000_000),
            ("2026-11-22T17:08:54+01:00", 1_795_363_734_000_000_000),
            ("2026-11-22T11:08-05:00", 1_795_363_680_000_000_000),
            ("2026-11-22 16:08", 1_795_363_680_000_000_000),
            ("2026-11-22", 1_795_305_600_000_000_000),
            ("1970-01-01T00:00:00.5Z", 500_000_000), ("2000-02-29", 951_782_400_000_000_000),
        ])
    func timestamps(text: String, expected: Int64) {
        #expect(Moment.parse(text, now: Self.now) == expected)
    }

    @Test(
        "what is no time",
        arguments: [
            "", "m", "-5m", "10", "10y", "99999999999999999d", "yesterday", "2026-13-01",
            "2026-11-22T",
            "2026-11-22T25:00Z", "2026-11-22T16:08:54.Z", "2026-11-22T16:08:54Zx", "2026-1-2",
            "2026-11-22T16:08:54+1", "9999-01-01",
        ])
    func malformed(text: String) { #expect(Moment.parse(text, now: Self.now) == nil) }

    @Test(
        "text and back",
        arguments: [
            0, 1, -1, -1_000_000_000, 951_782_399_999_999_999, now, 4_102_444_800_000_000_000,
            -86_400_000_000_001,
        ])
    func roundTrip(moment: Int64) {
        let text = Moment.text(moment)
        #expect(text.utf8.count == 30)
        #expect(Moment.timestamp(Array(text.utf8)) == moment)
    }
}
