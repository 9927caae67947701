// SPDX-License-Identifier: Apache-2.0
import ThreatIntelligence

extension Configuration.Threat {
    mutating func read(_ section: Section) {
        files = section.sections("files", shorthand: "path").compactMap(
            Configuration.ThreatFile.init)
        if files.count > ThreatIntelligence.Limits.lists {
            section.reject(
                "files", "expected at most \(ThreatIntelligence.Limits.lists) lists")
        }
        interval = section.duration(
            "interval", interval, in: 1_000_000_000...86_400_000_000_000)
    }
}

extension Configuration.ThreatFile {
    fileprivate init?(_ section: Section) {
        path = section.text("path", "")
        let lastPart = path.split(separator: "/").last.map(String.init) ?? path
        name = section.text("name", lastPart, expected: "a name of 1 to 128 bytes") { text in
            (1...ThreatIntelligence.Limits.nameBytes).contains(text.utf8.count) ? text : nil
        }
        options = ThreatListReader.Options()
        options.format = section.choice(
            "format", path.hasSuffix(".csv") ? .csv : .lines,
            ThreatListReader.Format.allCases.map { ($0.rawValue, $0) })
        options.kind = section.choice(
            "kind", nil, ThreatKind.allCases.map { ("\($0.word)", Optional($0)) })
        options.severity = UInt8(
            clamping: section.integer("severity", Int(options.severity), in: 0...100))
        options.category = section.text(
            "category", "", expected: "a word of at most 128 bytes"
        ) { text in
            text.utf8.count <= ThreatIntelligence.Limits.nameBytes ? text : nil
        }
        if path.isEmpty {
            section.reject("path", "expected the path of a threat list")
            return nil
        }
    }
}
