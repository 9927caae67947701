// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// What a policy asked for could not be read from the request. The decision is a denial with
/// HTTP status 400, whatever the policy made of the missing value.
public struct InputFailure: Error, Equatable, Sendable {
    public let code: Code
    /// Bytes from the start of the path, query or body.
    public let offset: Int

    public static let httpStatus = 400

    /// Stable: also the reason code of the denial.
    public enum Code: String, Sendable, CaseIterable {
        /// A "%" without two hexadecimal digits, or too many segments.
        case path = "input_invalid_path"
        /// The same in the query, or a ";", which servers read in two ways.
        case query = "input_invalid_query"
        /// A `content-length` that is no number.
        case contentLength = "input_invalid_content_length"
        /// A body that is not the JSON its content type says.
        case json = "input_invalid_json"
        /// One JSON object has a key twice: two readers of the body could see different requests.
        case duplicateKey = "input_duplicate_key"
        case form = "input_invalid_form"
        case multipart = "input_invalid_multipart"
        /// Metadata with a number that JSON cannot express.
        case metadata = "input_invalid_metadata"

        /// The code as text that lives as long as the program.
        public var text: StaticString {
            switch self {
            case .path: "input_invalid_path"
            case .query: "input_invalid_query"
            case .contentLength: "input_invalid_content_length"
            case .json: "input_invalid_json"
            case .duplicateKey: "input_duplicate_key"
            case .form: "input_invalid_form"
            case .multipart: "input_invalid_multipart"
            case .metadata: "input_invalid_metadata"
            }
        }

        /// For a person, in the body of the denial.
        public var message: StaticString {
            switch self {
            case .path: "the path cannot be decoded"
            case .query: "the query cannot be decoded"
            case .contentLength: "content-length is not a number"
            case .json: "the body is not valid JSON"
            case .duplicateKey: "the body has an object with a key that occurs twice"
            case .form: "the body is not a valid form"
            case .multipart: "the body is not valid multipart/form-data"
            case .metadata: "the metadata has a number that is not finite"
            }
        }
    }

    init(_ code: Code, at offset: Int = 0) {
        self.code = code
        self.offset = offset
    }
}
