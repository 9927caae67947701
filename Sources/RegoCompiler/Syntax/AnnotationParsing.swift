// SPDX-License-Identifier: Apache-2.0

// `# METADATA` blocks.
extension SyntaxParser {
    /// Finds the blocks, says what each stands above, and hands them to module and rules.
    func attachAnnotations(
        to module: Module, _ statements: ModuleStatements
    ) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for block in metadataBlocks() {
            do {
                try attach(block, to: module, statements)
            } catch {
                diagnostics.append(error.diagnostic)
            }
        }
        shareDocumentAnnotations(module)
        return diagnostics
    }

    // MARK: Blocks

    private struct Block {
        var location: Location
        var yaml: String
    }

    /// Comments in the first column, from one that starts with METADATA to the last without a gap.
    private func metadataBlocks() -> [Block] {
        var blocks: [Block] = []
        var index = 0
        while index < comments.count {
            let head = comments[index]
            index += 1
            guard isMetadata(head) else { continue }
            var lines: [String] = []
            var row = head.row
            var end = head.end
            while index < comments.count, comments[index].column == 1,
                comments[index].row == row + 1, !isMetadata(comments[index])
            {
                lines.append(line(comments[index]))
                row += 1
                end = comments[index].end
                index += 1
            }
            let place = Location(
                file: file, row: head.row, column: head.column, start: head.start - 1, end: end)
            blocks.append(
                Block(location: place, yaml: lines.joined(separator: "\n") + "\n"))
        }
        return blocks
    }

    private func isMetadata(_ comment: Comment) -> Bool {
        guard comment.column == 1 else { return false }
        let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        return bytes[Int(comment.start)..<Int(comment.end)].drop { blanks.contains($0) }
            .starts(with: "METADATA".utf8)
    }

    /// A comment's text without its sign and the one space after it.
    private func line(_ comment: Comment) -> String {
        var text = bytes[Int(comment.start)..<Int(comment.end)]
        if text.first == UInt8(ascii: " ") { text.removeFirst() }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Attaching

    private func attach(
        _ block: Block, to module: Module, _ statements: ModuleStatements
    ) throws(SyntaxError) {
        guard block.yaml.utf8.contains(where: { $0 > UInt8(ascii: " ") }) else {
            throw error("expected METADATA block, found whitespace", at: block.location)
        }
        let statement = statements.places.first { $0.row > block.location.row }
        let isEntrypoint = value(of: "entrypoint", in: block.yaml) == "true"
        let scope =
            value(of: "scope", in: block.yaml) ?? defaultScope(statement?.sort, isEntrypoint)
        try checkScope(scope, statement?.sort, block.location)
        guard !isEntrypoint || scope == "document" || scope == "package" else {
            throw error(
                "annotation entrypoint applied to non-document or package scope '\(scope)'",
                at: block.location)
        }
        var annotations = Annotations(
            location: block.location, yaml: block.yaml, scope: scope, target: module.package)
        if case .rule(let index) = statement?.sort {
            let rule = statements.rules[index].rule
            annotations.target += groundPath(rule)
            if scope == "rule" { rule.annotations.append(annotations) }
        }
        module.annotations.append(annotations)
    }

    private func defaultScope(_ sort: StatementPlace.Sort?, _ isEntrypoint: Bool) -> String {
        switch sort {
        case .rule: isEntrypoint ? "document" : "rule"
        case .package: "package"
        case .import: "import"
        case nil: ""
        }
    }

    private func checkScope(
        _ scope: String, _ sort: StatementPlace.Sort?, _ place: Location
    ) throws(SyntaxError) {
        let wanted: String
        switch (scope, sort) {
        case ("rule", .rule), ("document", .rule): return
        case ("package", .package), ("subpackages", .package): return
        case ("rule", _), ("document", _): wanted = "rule"
        case ("package", _), ("subpackages", _): wanted = "package"
        default: throw error("invalid annotation scope '\(scope)'", at: place)
        }
        let found =
            switch sort {
            case .rule: " (have rule)"
            case .package: " (have package)"
            case .import: " (have import)"
            case nil: ""
            }
        throw error(
            "annotation scope '\(scope)' must be applied to \(wanted)\(found)", at: place)
    }

    /// A document's annotations belong to every rule that adds to the document.
    private func shareDocumentAnnotations(_ module: Module) {
        let documents = module.annotations.filter { $0.scope == "document" }
        guard !documents.isEmpty else { return }
        for rule in module.rules {
            let path = module.package + groundPath(rule)
            rule.annotations += documents.filter { $0.target == path }
        }
    }

    /// A rule's path within its package, up to the first part that is no constant.
    private func groundPath(_ rule: Rule) -> [String] {
        var path: [String] = []
        for (index, part) in rule.head.ref.enumerated() {
            switch part.kind {
            case .variable(let name) where index == 0: path.append(name)
            case .string(let name): path.append(name)
            case .number(let text): path.append(text)
            case .boolean(let value): path.append(value ? "true" : "false")
            default: return path
            }
        }
        return path
    }

    /// A scalar at the top level of a block of YAML; what else stands there is not read here.
    private func value(of key: String, in yaml: String) -> String? {
        for line in yaml.split(separator: "\n") where line.hasPrefix(key) {
            let rest = line.dropFirst(key.count).drop { $0 == " " }
            guard rest.first == ":" else { continue }
            let text = rest.dropFirst().prefix { $0 != "#" }
            return String(trimmed(text))
        }
        return nil
    }

    private func trimmed(_ text: Substring) -> Substring {
        let blanks: Set<Character> = [" ", "\t", "\r", "\"", "'"]
        var text = text.drop { blanks.contains($0) }
        while let last = text.last, blanks.contains(last) { text.removeLast() }
        return text
    }
}
