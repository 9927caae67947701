// SPDX-License-Identifier: Apache-2.0
import Authorization
import ExtAuthz
import RegoVM

/// Encoded `google.protobuf.Struct` and `Any` as values.
///
/// The CheckRequest reader has walked the same bytes, so faults of the wire format cannot occur
/// here; if one does, it is reported like metadata that JSON cannot express.
struct StructDocument {
    private let arena: Arena

    private init(_ arena: Arena) { self.arena = arena }

    static func structure(_ encoded: Bytes, in arena: Arena) throws(InputFailure) -> Value {
        do {
            return try StructDocument(arena).structure(WireReader(encoded))
        } catch {
            throw InputFailure(.metadata, at: error.offset)
        }
    }

    /// `{typeUrl, value}`, the value in base64: only its type knows what is inside.
    static func any(_ encoded: Bytes, in arena: Arena) throws(InputFailure) -> Value {
        do {
            return try StructDocument(arena).any(WireReader(encoded))
        } catch {
            throw InputFailure(.metadata, at: error.offset)
        }
    }

    private func any(_ reader: WireReader) throws(CheckRequestError) -> Value {
        var reader = reader
        let object = CollectionBuilder.object(in: arena, capacity: 2)
        while let field = try reader.next() {
            switch field {
            case 1: object.updateText("typeUrl", try reader.string())
            case 2: object.updateData("value", try reader.data(), in: arena)
            default: try reader.skip()
            }
        }
        return object.finish()
    }

    private func structure(_ reader: WireReader) throws(CheckRequestError) -> Value {
        var reader = reader
        let object = CollectionBuilder.object(in: arena)
        while let field = try reader.next() {
            guard field == 1 else {
                try reader.skip()
                continue
            }
            var entry = try reader.message()
            var key = Value.emptyString
            var value = Value.null
            while let part = try entry.next() {
                switch part {
                case 1: key = .checked(try entry.string())
                case 2: value = try self.value(entry.message())
                default: try entry.skip()
                }
            }
            object.update(key, value)
        }
        return object.finish()
    }

    private func value(_ reader: WireReader) throws(CheckRequestError) -> Value {
        var reader = reader
        var result = Value.null
        while let field = try reader.next() {
            switch field {
            case 1:
                _ = try reader.number()
                result = .null
            case 2: result = try number(&reader)
            case 3: result = .checked(try reader.string())
            case 4: result = .boolean(try reader.number() != 0)
            case 5: result = try structure(reader.message())
            case 6: result = try list(reader.message())
            default: try reader.skip()
            }
        }
        return result
    }

    /// NaN and the infinities have no JSON form.
    private func number(_ reader: inout WireReader) throws(CheckRequestError) -> Value {
        let place = reader.position
        let value = arena.number(Double(bitPattern: try reader.fixed64()))
        guard value.isDefined else { throw CheckRequestError(.notFinite, place) }
        return value
    }

    private func list(_ reader: WireReader) throws(CheckRequestError) -> Value {
        var counter = reader
        var count = 0
        while let field = try counter.next() {
            if field == 1 { count += 1 }
            try counter.skip()
        }
        let elements = arena.values(count)
        var reader = reader
        var index = 0
        while let field = try reader.next() {
            if field == 1, index < count {
                elements[index] = try value(reader.message())
                index += 1
            } else {
                try reader.skip()
            }
        }
        return .array(sharing: elements, count: index)
    }
}
