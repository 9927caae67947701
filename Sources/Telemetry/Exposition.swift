// SPDX-License-Identifier: Apache-2.0

extension MetricRegistry {
    /// All metrics as Prometheus' text format, version 0.0.4.
    public func exposition() -> [UInt8] {
        let (definitions, sums) = snapshot()
        var text = ""
        // Samples of one name stand together, whatever the order of their definition.
        var names: [String] = []
        var groups: [String: [Definition]] = [:]
        for definition in definitions {
            if groups[definition.name] == nil { names.append(definition.name) }
            groups[definition.name, default: []].append(definition)
        }
        for name in names {
            let group = groups[name] ?? []
            text += "# HELP \(name) \(Self.escape(group[0].help, quotes: false))\n"
            text += "# TYPE \(name) \(group[0].typeName)\n"
            for definition in group { definition.write(sums, to: &text) }
        }
        return Array(text.utf8)
    }

    static func escape(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

extension MetricRegistry.Definition {
    var typeName: String {
        switch kind {
        case .counter, .reading: "counter"
        case .histogram: "histogram"
        case .gauge: "gauge"
        }
    }

    func write(_ sums: [UInt64], to text: inout String) {
        switch kind {
        case .counter(let cell): text += "\(name)\(labelText()) \(sums[cell])\n"
        case .reading(let read): text += "\(name)\(labelText()) \(read())\n"
        case .gauge(let read): text += "\(name)\(labelText()) \(Self.number(read()))\n"
        case .histogram(let cell, let bounds, let scale):
            var total: UInt64 = 0
            for (index, bound) in bounds.enumerated() {
                total &+= sums[cell + index]
                let limit = Self.number(Double(bound) / scale)
                text += "\(name)_bucket\(labelText(extra: limit)) \(total)\n"
            }
            total &+= sums[cell + bounds.count]
            let sum = Double(sums[cell + bounds.count + 1]) / scale
            text += "\(name)_bucket\(labelText(extra: "+Inf")) \(total)\n"
            text += "\(name)_sum\(labelText()) \(Self.number(sum))\n"
            text += "\(name)_count\(labelText()) \(total)\n"
        }
    }

    private func labelText(extra: String? = nil) -> String {
        var parts = labels.map { "\($0.name)=\"\(MetricRegistry.escape($0.value, quotes: true))\"" }
        if let extra { parts.append("le=\"\(extra)\"") }
        return parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { String($0) } ?? value.description
    }
}
