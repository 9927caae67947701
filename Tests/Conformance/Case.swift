// SPDX-License-Identifier: Apache-2.0

import RegoVM

/// One of OPA's conformance cases.
struct Case {
    let file: String
    let index: Int
    let note: String
    let query: String
    let modules: [String]
    let data: Value
    /// `.undefined` when the case has none.
    let input: Value
    let inputTerm: String?
    /// `.undefined` when the case wants an error.
    let wantResult: Value
    let wantError: String?
    let wantErrorCode: String?
    let isStrict: Bool
    let sortsBindings: Bool
    let forcesKeywords: Bool

    /// File and index: `note` is not unique.
    var id: String { "\(file)#\(index)" }
    var category: String { String(file.prefix { $0 != "/" }) }

    init(_ value: Value) {
        file = value["file"].asString ?? ""
        index = Int(value["index"].asInteger ?? 0)
        note = value["note"].asString ?? ""
        query = value["query"].asString ?? ""
        modules = value["modules"].elements.compactMap(\.asString)
        data = value["data"].isDefined ? value["data"] : .emptyObject
        input = value["input"]
        inputTerm = value["input_term"].asString
        wantResult = value["want_result"]
        wantError = value["want_error"].asString
        wantErrorCode = value["want_error_code"].asString
        isStrict = value["strict_error"].isTrue
        sortsBindings = value["sort_bindings"].isTrue
        forcesKeywords = value["experimental_keywords"].isTrue
    }
}
