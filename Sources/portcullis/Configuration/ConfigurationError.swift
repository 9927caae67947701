// SPDX-License-Identifier: Apache-2.0

/// What is wrong at one place of a configuration file.
struct ConfigurationError: Error, Equatable {
    let file: String
    /// Counted from 1; 0 when it concerns the whole file.
    let row: Int
    let column: Int
    /// Lower case, without full stop.
    let message: String
    /// Advice, shown in a line of its own.
    var hint: String?
}

extension ConfigurationError: CustomStringConvertible {
    var description: String {
        let place = row == 0 ? file : "\(file):\(row):\(column)"
        let advice = hint.map { "\n  hint: \($0)" } ?? ""
        return "\(place): \(message)\(advice)"
    }
}

/// Everything that is wrong in a configuration file, in the order of the file.
struct ConfigurationFailure: Error, CustomStringConvertible {
    let errors: [ConfigurationError]

    var description: String { errors.map(\.description).joined(separator: "\n") }
}
