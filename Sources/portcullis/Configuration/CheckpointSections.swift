// SPDX-License-Identifier: Apache-2.0
import TransparencyLog

extension Configuration.Checkpoints {
    mutating func read(_ section: Section) {
        file = section.optionalText("file")
        if section.has("push") {
            push = section.text("push", "", expected: "an http or https URL", HTTPAddress.parse)
        }
        interval = section.duration(
            "interval", interval, in: 1_000_000_000...86_400_000_000_000)
    }
}

extension Configuration.WitnessAddress {
    /// Nil for what is no key of a witness and URL.
    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let url = HTTPAddress.parse(String(parts[1])),
            let key = try? VerifierKey(String(parts[0]), kind: .cosignature)
        else { return nil }
        self.init(key: key, url: url)
    }
}

enum HTTPAddress {
    static func parse(_ text: String) -> String? {
        text.hasPrefix("https://") || text.hasPrefix("http://") ? text : nil
    }
}
