// SPDX-License-Identifier: Apache-2.0

/// What templates can do with values.
enum TemplateFunctions {
    /// What a range runs over.
    struct Entries {
        let count: Int
        fileprivate let collection: Value

        func key(_ index: Int) -> TemplateDatum {
            collection.kind == .object ? .data(collection.keys[index]) : .integer(Int64(index))
        }

        func element(_ index: Int) -> TemplateDatum {
            switch collection.kind {
            case .object: .data(collection.values[index])
            case .array, .set: .data(collection.elements[index])
            default: .integer(Int64(index))
            }
        }
    }

    static func entries(of datum: TemplateDatum) throws(BuiltinError) -> Entries {
        switch datum {
        case .data(let value) where value.isCollection:
            return Entries(count: value.count, collection: value)
        case .data(let value) where value.kind == .null: return Entries(count: 0, collection: .null)
        case .missing: return Entries(count: 0, collection: .null)
        case .integer(let count): return Entries(count: Int(max(count, 0)), collection: .null)
        default: throw TextTemplate.failure("range can't iterate over a value of this type")
        }
    }

    /// Go's truth: not zero, not empty. Numbers of the data are text to Go, and never empty.
    static func isTrue(_ datum: TemplateDatum) -> Bool {
        switch datum {
        case .missing: return false
        case .text(let text): return !text.isEmpty
        case .integer(let integer): return integer != 0
        case .float(let double): return double != 0
        case .boolean(let flag): return flag
        case .data(let value):
            switch value.kind {
            case .boolean: return value.isTrue
            case .string, .array, .set, .object: return value.count > 0
            case .integer, .decimal: return true
            default: return false
            }
        }
    }

    /// Writes a value as Go prints it.
    static func append(_ datum: TemplateDatum, to output: inout ByteBuilder) {
        switch datum {
        case .missing: output.append("<undefined>")
        case .text(var text): text.withUTF8 { output.append($0) }
        case .integer(let integer): output.append(integer)
        case .float(let double): append(YAMLScalar.text(of: double), to: &output)
        case .boolean(let flag): output.append(flag ? "true" : "false")
        case .data(let value):
            if value.kind == .null { return output.append("<undefined>") }
            append(value, to: &output)
        }
    }

    private static func append(_ text: String, to output: inout ByteBuilder) {
        var text = text
        text.withUTF8 { output.append($0) }
    }

    /// `[a b]`, `map[k:v]`, `<nil>`.
    private static func append(_ value: Value, to output: inout ByteBuilder) {
        switch value.kind {
        case .string: output.append(value.bytes)
        case .null: output.append("<nil>")
        case .array, .set:
            output.append("[")
            for (index, element) in value.elements.enumerated() {
                if index > 0 { output.append(" ") }
                append(element, to: &output)
            }
            output.append("]")
        case .object:
            output.append("map[")
            for index in 0..<value.count {
                if index > 0 { output.append(" ") }
                append(value.keys[index], to: &output)
                output.append(":")
                append(value.values[index], to: &output)
            }
            output.append("]")
        default: JSONWriter.append(value, to: &output)
        }
    }

    static func call(
        _ name: String, _ arguments: [TemplateDatum], _ evaluation: Evaluation
    ) throws(BuiltinError) -> TemplateDatum {
        switch name {
        case "not":
            try check(name, arguments, 1)
            return .boolean(!isTrue(arguments[0]))
        case "len":
            try check(name, arguments, 1)
            return .integer(try length(printed(arguments[0], evaluation)))
        case "index": return try index(arguments, evaluation)
        case "slice": return try slice(arguments, evaluation)
        case "eq", "ne", "lt", "le", "gt", "ge": return try compare(name, arguments, evaluation)
        case "print", "println", "html", "js", "urlquery":
            return try TemplateText.call(name, arguments, evaluation)
        case "printf":
            guard let format = arguments.first else { throw wrongCount(name, 1, 0) }
            let values = arguments.dropFirst().map { printed($0, evaluation) }
            let numbers = values.indices.filter { place in
                values[place].isString && !value(arguments[place + 1], evaluation).isString
            }
            return try values.withUnsafeBufferPointer { buffer throws(BuiltinError) in
                .data(
                    try GoFormat.format(
                        value(format, evaluation), buffer, evaluation, numbers: Set(numbers)))
            }
        default: throw TemplateLexer.failure("function \"\(name)\" not defined")
        }
    }

    private static func wrongCount(_ name: String, _ wanted: Int, _ given: Int) -> BuiltinError {
        TextTemplate.failure("wrong number of args for \(name): want \(wanted) got \(given)")
    }

    private static func check(
        _ name: String, _ arguments: [TemplateDatum], _ count: Int
    ) throws(BuiltinError) {
        guard arguments.count == count else { throw wrongCount(name, count, arguments.count) }
    }

    /// A datum as a Rego value.
    static func value(_ datum: TemplateDatum, _ evaluation: Evaluation) -> Value {
        switch datum {
        case .missing: .null
        case .data(let value): value
        case .text(let text): evaluation.string(text)
        case .integer(let integer): .integer(integer)
        case .float(let double): evaluation.arena.number(double)
        case .boolean(let flag): .boolean(flag)
        }
    }

    /// An argument of `printf`; numbers of the data are text to Go.
    static func printed(_ datum: TemplateDatum, _ evaluation: Evaluation) -> Value {
        let value = self.value(datum, evaluation)
        guard case .data = datum, value.isNumber else { return value }
        var text = ByteBuilder(evaluation.arena, capacity: 32)
        JSONWriter.append(value, to: &text)
        return text.string
    }

    /// A place in a list; numbers of the data are none.
    private static func place(_ datum: TemplateDatum, _ evaluation: Evaluation) -> Int? {
        printed(datum, evaluation).arrayIndex
    }

    private static func length(_ value: Value) throws(BuiltinError) -> Int64 {
        guard value.isString || value.isCollection else {
            throw TextTemplate.failure("error calling len: len of type \(value.typeName)")
        }
        return Int64(value.count)
    }

    private static func index(
        _ arguments: [TemplateDatum], _ evaluation: Evaluation
    ) throws(BuiltinError) -> TemplateDatum {
        guard let first = arguments.first else { throw wrongCount("index", 1, 0) }
        var current = value(first, evaluation)
        for argument in arguments.dropFirst() {
            let key = value(argument, evaluation)
            switch current.kind {
            case .object:
                current = current[key]
                if current.isUndefined { return .missing }
            case .array, .set, .string:
                guard let place = place(argument, evaluation), place < current.count else {
                    throw TextTemplate.failure("error calling index: index out of range: \(key)")
                }
                current =
                    current.isString ? .integer(Int(current.bytes[place])) : current.elements[place]
            default:
                throw TextTemplate.failure(
                    "error calling index: can't index item of type \(current.typeName)")
            }
        }
        return .data(current)
    }

    private static func slice(
        _ arguments: [TemplateDatum], _ evaluation: Evaluation
    ) throws(BuiltinError) -> TemplateDatum {
        guard let first = arguments.first, arguments.count <= 3 else {
            throw wrongCount("slice", 1, 0)
        }
        let list = value(first, evaluation)
        guard list.isString || list.kind == .array else {
            throw TextTemplate.failure(
                "error calling slice: can't slice item of type \(list.typeName)")
        }
        var bounds = [0, list.count]
        for (position, argument) in arguments.dropFirst().enumerated() {
            guard let bound = place(argument, evaluation), bound <= list.count else {
                throw TextTemplate.failure("error calling slice: index out of range")
            }
            bounds[position] = bound
        }
        guard bounds[0] <= bounds[1] else {
            throw TextTemplate.failure("error calling slice: invalid slice index")
        }
        if list.isString { return .data(list.slice(bounds[0], bounds[1])) }
        return .data(
            .array(
                sharing: list.elements.baseAddress.map { $0 + bounds[0] },
                count: bounds[1] - bounds[0]))
    }

    /// What Go compares: numbers of the data are text to it.
    private enum Comparable: Equatable {
        case nothing
        case boolean(Bool)
        case integer(Int64)
        case float(Double)
        case text(Value)
        case collection

        static func == (left: Comparable, right: Comparable) -> Bool {
            switch (left, right) {
            case (.nothing, .nothing): true
            case (.boolean(let left), .boolean(let right)): left == right
            case (.integer(let left), .integer(let right)): left == right
            case (.float(let left), .float(let right)): left == right
            case (.text(let left), .text(let right)): left.isEqual(to: right)
            default: false
            }
        }

        /// Of one type, so that the two can be compared.
        func isAlike(_ other: Comparable) -> Bool {
            switch (self, other) {
            case (.boolean, .boolean), (.integer, .integer), (.float, .float), (.text, .text): true
            default: false
            }
        }
    }

    private static func comparable(
        _ datum: TemplateDatum, _ evaluation: Evaluation
    ) -> Comparable {
        switch datum {
        case .missing: return .nothing
        case .integer(let integer): return .integer(integer)
        case .float(let double): return .float(double)
        case .boolean(let flag): return .boolean(flag)
        case .text, .data:
            let value = printed(datum, evaluation)
            switch value.kind {
            case .boolean: return .boolean(value.isTrue)
            case .string: return .text(value)
            case .array, .object, .set: return .collection
            default: return .nothing
            }
        }
    }

    private static func compare(
        _ name: String, _ arguments: [TemplateDatum], _ evaluation: Evaluation
    ) throws(BuiltinError) -> TemplateDatum {
        guard arguments.count >= 2 else {
            throw TextTemplate.failure("error calling \(name): missing argument for comparison")
        }
        let all = arguments.map { comparable($0, evaluation) }
        if name == "eq" {
            for other in all.dropFirst() where try equal(name, all[0], other) {
                return .boolean(true)
            }
            return .boolean(false)
        }
        try check(name, arguments, 2)
        if name == "ne" { return .boolean(!(try equal(name, all[0], all[1]))) }
        let order: Int
        switch (all[0], all[1]) {
        case (.integer(let left), .integer(let right)):
            order = left < right ? -1 : left == right ? 0 : 1
        case (.float(let left), .float(let right)):
            order = left < right ? -1 : left == right ? 0 : 1
        case (.text(let left), .text(let right)): order = left.compare(right)
        default:
            throw TextTemplate.failure("error calling \(name): incompatible types for comparison")
        }
        switch name {
        case "lt": return .boolean(order < 0)
        case "le": return .boolean(order <= 0)
        case "gt": return .boolean(order > 0)
        default: return .boolean(order >= 0)
        }
    }

    private static func equal(
        _ name: String, _ left: Comparable, _ right: Comparable
    ) throws(BuiltinError) -> Bool {
        if left == .nothing || right == .nothing { return left == right }
        guard left.isAlike(right) else {
            throw TextTemplate.failure("error calling \(name): incompatible types for comparison")
        }
        return left == right
    }
}

/// The functions of templates that make text.
enum TemplateText {
    static func call(
        _ name: String, _ arguments: [TemplateDatum], _ evaluation: Evaluation
    ) throws(BuiltinError) -> TemplateDatum {
        let plain = joined(arguments, isLine: name == "println", evaluation)
        guard name != "print", name != "println" else { return .data(plain) }
        guard plain.count <= Limits.stringBytes / 8 else {
            throw BuiltinError(.limit, "string of \(plain.count) bytes exceeds the limit")
        }
        var output = ByteBuilder(evaluation.arena, capacity: plain.count + 16)
        for byte in plain.bytes {
            switch name {
            case "html": appendHTML(byte, to: &output)
            case "js": appendScript(byte, to: &output)
            default: appendQuery(byte, to: &output)
            }
        }
        return .data(output.string)
    }

    /// Go's `Sprint` sets a blank between two values of which none is a string, `Sprintln` always.
    private static func joined(
        _ arguments: [TemplateDatum], isLine: Bool, _ evaluation: Evaluation
    ) -> Value {
        var output = ByteBuilder(evaluation.arena)
        var wasText = true
        for (index, argument) in arguments.enumerated() {
            let isText = TemplateFunctions.printed(argument, evaluation).isString
            if index > 0 && (isLine || !(isText || wasText)) { output.append(" ") }
            TemplateFunctions.append(argument, to: &output)
            wasText = isText
        }
        if isLine { output.append("\n") }
        return output.string
    }

    private static func appendHTML(_ byte: UInt8, to output: inout ByteBuilder) {
        switch byte {
        case 0: output.append("\u{FFFD}")
        case UInt8(ascii: "\""): output.append("&#34;")
        case UInt8(ascii: "'"): output.append("&#39;")
        case UInt8(ascii: "&"): output.append("&amp;")
        case UInt8(ascii: "<"): output.append("&lt;")
        case UInt8(ascii: ">"): output.append("&gt;")
        default: output.append(byte)
        }
    }

    private static func appendScript(_ byte: UInt8, to output: inout ByteBuilder) {
        switch byte {
        case UInt8(ascii: "\\"): output.append("\\\\")
        case UInt8(ascii: "'"): output.append("\\'")
        case UInt8(ascii: "\""): output.append("\\\"")
        case 0..<0x20, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "="):
            output.append("\\u")
            RegoText.appendHexadecimal(UInt32(byte), digits: 4, isUpper: true, to: &output)
        default: output.append(byte)
        }
    }

    private static func appendQuery(_ byte: UInt8, to output: inout ByteBuilder) {
        withUnsafePointer(to: byte) { pointer in
            URLQueryBuiltins.append(UnsafeBufferPointer(start: pointer, count: 1), to: &output)
        }
    }
}
