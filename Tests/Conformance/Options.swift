// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
struct Options {
    /// Only cases with this text in their name.
    var only: String?
    /// Print each failure with its reason.
    var showsFailures = false

    init(_ arguments: ArraySlice<String>) {
        var words = arguments
        while let word = words.popFirst() {
            switch word {
            case "--failures": showsFailures = true
            case "--only":
                guard let text = words.popFirst() else { exit("expected a text after `--only`") }
                only = text
            default: exit("expected `--failures` or `--only TEXT`, got `\(word)`")
            }
        }
    }

    func include(_ item: Case) -> Bool {
        guard let only else { return true }
        return item.id.contains(only) || item.note.contains(only)
    }
}
