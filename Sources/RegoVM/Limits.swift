// SPDX-License-Identifier: Apache-2.0

/// Bounds of the engine, each with its unit.
public enum Limits {
    /// Bytes of an arena that are kept between evaluations.
    public static let arenaChunkBytes = 64 * 1024
    /// Bytes of values that one evaluation may hold.
    public static let arenaBytes = 256 * 1024 * 1024
    /// Nested arrays and objects in JSON text.
    public static let jsonDepth = 512
    /// Work units (instructions of loops and calls) that one decision may spend.
    public static let workUnits: Int64 = 100_000_000
    /// Rules and functions active at once in one decision.
    public static let callDepth = 512
    /// Arrays, objects and sets inside each other in one value.
    public static let valueDepth = 1024
    /// Parts of one value that a decision makes, each counted as often as it occurs; four times the
    /// parts of the data come on top.
    static let valueParts: UInt64 = 16 * 1024 * 1024
    /// Bytes of text, and 16 for each part, of what a decision answers.
    public static let answerBytes = 1024 * 1024
    /// Bytes of all answers that one machine remembers, and of one with what it read, about: text,
    /// and 16 for each part.
    public static let answerMemoryBytes = 4 * 1024 * 1024
    static let rememberedAnswerBytes = 16 * 1024
    /// Hash slots for the values that were read: a power of two.
    static let answerSlots = 4096
    /// Entrypoints whose answers are remembered.
    static let answerRoots = 64
    /// Parts of `input` that one answer may depend on, bytes of a scalar and parts of a collection
    /// among them.
    static let answerReads = 64
    static let answerReadBytes = 512
    static let answerReadParts: UInt64 = 64
    /// Decisions after which an entrypoint is judged by how many of its answers were found, and
    /// those that it then lets pass when they were less than a quarter.
    static let answerTries = 256
    static let answerRest = 4096
    /// Components of a package's or rule's path.
    public static let documentDepth = 256
    /// Registers of one function.
    public static let registers = 65_535
    /// Instructions of one function.
    static let instructions = 16_000_000
    /// Places times registers that the verifier follows in one function.
    static let flowCells = 32_000_000
    /// `with` scopes inside each other in one function.
    static let scopeDepth = 512
    /// Levels of a rule index.
    public static let indexDepth = 32
    /// Clause numbers that a rule index may hold for each clause of its rule.
    public static let indexCopies = 8
    /// Entries that a builtin may make in one collection.
    public static let collectionEntries = 4_000_000
    /// Bytes of a string that a builtin may make.
    public static let stringBytes = 64 * 1024 * 1024
    /// Decimal digits of a number that arithmetic works with or makes, on either side of the point.
    public static let numberDigits = 10_000
    /// Decimal digits of a number with which arithmetic is part of what a call costs anyway.
    static let freeDigits = 128
    /// Squared decimal digits of long numbers that one work unit pays for.
    static let squaredDigitsPerUnit: Int64 = 1_000
    /// Work units that one call of a builtin may spend on long numbers: about 0.1 s.
    static let arithmeticWork: Int64 = 10_000_000
    /// Bytes of a YAML document, and nodes that it may have when its aliases are expanded.
    static let yamlBytes = 4 * 1024 * 1024
    static let yamlNodes = 1_000_000
    /// Nested collections in a YAML document, and nested blocks in a text template.
    static let yamlDepth = 256
    static let templateDepth = 64
    /// Steps (nodes of the template, run) of one rendering.
    static let templateSteps = 1_000_000
    /// Compiled patterns (regular expressions, globs, templates) that one thread keeps.
    public static let cachedPatterns = 256
    /// Bytes of a regular expression or glob.
    public static let patternBytes = 64 * 1024
    /// Bytes that one compiled regular expression may use, its caches of states included.
    public static let patternMemory = 8 * 1024 * 1024
    /// Time zones that the process keeps.
    static let cachedTimeZones = 1024
    /// Bytes of a time zone's name and of its file.
    static let timeZoneNameBytes = 64
    static let timeZoneFileBytes = 64 * 1024
    /// Decimal digits of a number that `units.parse` reads or makes.
    static let unitDigits = 4096
    /// Bytes of a host name (RFC 1035).
    static let hostNameBytes = 255
    /// Key texts of tokens that one thread keeps parsed, and the bytes of the largest of them.
    static let cachedKeys = 128
    static let cachedKeyBytes = 64 * 1024
    /// Tokens within tokens.
    static let tokenNesting = 16
    /// Certificates that one call may verify as a chain.
    static let certificatesInChain = 32
    /// Nested brackets in a GraphQL document.
    static let graphQLDepth = 100
    /// Comparisons of fields and fragments in one GraphQL query.
    static let graphQLComparisons = 200_000
    /// Errors that validation of a GraphQL query collects.
    static let graphQLErrors = 50
    /// Bytes of names that GraphQL messages compare to suggest others.
    static let graphQLSuggestionBytes = 64
    /// Schemas within schemas, and schemas that refer to each other while one value is validated.
    static let schemaDepth = 200
    /// Schemas that are tried on values in one call of `json.match_schema`.
    static let schemaSteps = 2_000_000
    /// Failures that `json.match_schema` reports.
    static let schemaFailures = 1000
    /// Names that a GraphQL message picks its suggestions from.
    static let graphQLSuggestionOptions = 1000
    /// Bytes of a GraphQL document, and fragments in a query.
    static let graphQLBytes = 1024 * 1024
    static let graphQLFragments = 1000
    /// Nanoseconds that one `http.send` may take when it does not say so itself.
    static let httpTimeout: UInt64 = 5_000_000_000
    /// Nanoseconds before the second retry of an `http.send`, and before any later one at most.
    static let httpRetryDelay: UInt64 = 160_000_000
    static let httpRetryDelayMaximum: UInt64 = 60_000_000_000
    /// Redirects that one `http.send` follows.
    static let httpRedirects = 10
    /// Bytes of a certificate or key that `http.send` reads from a file.
    static let httpCredentialBytes = 1024 * 1024
    /// Bytes of a response's body and of its header.
    public static let httpBodyBytes = 16 * 1024 * 1024
    public static let httpHeaderBytes = 256 * 1024
    /// Bytes of responses that are kept between decisions.
    public static let httpCacheBytes = 64 * 1024 * 1024
    /// Nanoseconds between two looks at whether somebody cancelled what waits.
    public static let cancellationInterval: UInt64 = 20_000_000
}
