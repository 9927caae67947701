// SPDX-License-Identifier: Apache-2.0
import Platform
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00"), (951_782_400, "2000-02-29T00:00:00"),
            (4_107_542_399, "2100-02-28T23:59:59"), (4_107_542_400, "2100-03-01T00:00:00"),
            (-1, "1969-12-31T23:59:59"), (-86_401, "1969-12-30T23:59:59"),
        ] as [(Int64, String)])
    func texts(_ seconds: Int64, _ text: String) {
        let nanoseconds = seconds * 1_000_000_000 + 12_000_345
        #expect(Timestamp.text(nanoseconds) == text + ".012Z")
        #expect(Timestamp.text(nanoseconds, .nanoseconds) == text + ".012000345Z")
    }

    @Test func ends() {
        #expect(Timestamp.text(.min, .nanoseconds) == "1677-09-21T00:12:43.145224192Z")
        #expect(Timestamp.text(.max, .nanoseconds) == "2262-04-11T23:47:16.854775807Z")
    }

    @Test func datesAreReadBack() {
        for days in stride(from: Int64(-106_752), through: 106_751, by: 1) {
            let date = CivilDate(daysSince1970: days)
            #expect(date.daysSince1970 == days)
            #expect((1...12).contains(date.month) && (1...31).contains(date.day))
        }
    }
}
