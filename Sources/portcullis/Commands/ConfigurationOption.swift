// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `--config`, for the verbs that need it.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "The configuration file. Without one, everything has its default.")
    var config: String?

    func load() throws -> Configuration { try Configuration.load(config) }
}
