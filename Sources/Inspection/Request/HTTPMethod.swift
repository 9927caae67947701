// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The methods of RFC 9110 section 9 and RFC 5789.
enum HTTPMethod {
    case get, head, options, trace, post, put, patch, delete, connect, other

    init(_ method: Bytes) {
        switch method.count {
        case 3: self = method.equals("GET") ? .get : method.equals("PUT") ? .put : .other
        case 4: self = method.equals("POST") ? .post : method.equals("HEAD") ? .head : .other
        case 5: self = method.equals("PATCH") ? .patch : method.equals("TRACE") ? .trace : .other
        case 6: self = method.equals("DELETE") ? .delete : .other
        case 7:
            self =
                method.equals("OPTIONS") ? .options : method.equals("CONNECT") ? .connect : .other
        default: self = .other
        }
    }

    /// The method in lower case; nil for one that is not known, whose case may matter.
    var word: Bytes? {
        switch self {
        case .get: Bytes("get")
        case .head: Bytes("head")
        case .options: Bytes("options")
        case .trace: Bytes("trace")
        case .post: Bytes("post")
        case .put: Bytes("put")
        case .patch: Bytes("patch")
        case .delete: Bytes("delete")
        case .connect: Bytes("connect")
        case .other: nil
        }
    }

    var effect: Effect {
        switch self {
        case .get, .head, .options, .trace: .read
        case .post, .put, .patch, .delete: .write
        case .connect: .egress
        case .other: .unknown
        }
    }
}
