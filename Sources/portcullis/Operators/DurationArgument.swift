// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// A time on the command line: `30s`, `10m`, `1h`, `7d`.
struct DurationArgument: ExpressibleByArgument {
    let seconds: Int64
    /// As it was written.
    let text: String

    init?(argument: String) {
        self.init(argument)
    }

    init?(_ text: String) {
        let nanoseconds: Int64?
        if text.hasSuffix("d") {
            nanoseconds = Units.duration(text.dropLast() + "h").flatMap {
                let (result, overflow) = $0.multipliedReportingOverflow(by: 24)
                return overflow ? nil : result
            }
        } else {
            nanoseconds = Units.duration(text)
        }
        guard let nanoseconds, nanoseconds >= 1_000_000_000 else { return nil }
        seconds = nanoseconds / 1_000_000_000
        self.text = text
    }
}
