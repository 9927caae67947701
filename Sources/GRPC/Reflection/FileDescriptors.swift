// SPDX-License-Identifier: Apache-2.0
import CText

/// The `.proto` files of the project as protoc describes them, found by name or by symbol.
struct FileDescriptors: Sendable {
    struct File: Sendable {
        let name: String
        let dependencies: [String]
        /// The serialized FileDescriptorProto.
        let bytes: ArraySlice<UInt8>
    }

    private var files: [String: File] = [:]
    /// Full names of services, methods, messages, fields and enums, and the file of each.
    private var symbols: [String: String] = [:]

    /// The files that were compiled in.
    static let embedded = FileDescriptors(
        set: Base64.decode(
            UnsafeBufferPointer(
                start: fileDescriptorSet.utf8Start, count: fileDescriptorSet.utf8CodeUnitCount)))

    /// - Parameter set: a serialized FileDescriptorSet.
    init(set: [UInt8]) {
        for field in ProtobufFields(set[...]) where field.number == 1 { add(field.bytes) }
    }

    /// The file, and after it what it imports, directly or not.
    func closure(ofFile name: String) -> [File]? {
        guard files[name] != nil else { return nil }
        var found: [File] = []
        var seen: Set<String> = []
        var pending = [name]
        while let next = pending.popLast() {
            guard seen.insert(next).inserted, let file = files[next] else { continue }
            found.append(file)
            pending.append(contentsOf: file.dependencies)
        }
        return found
    }

    func closure(ofSymbol name: String) -> [File]? {
        symbols[name].flatMap { closure(ofFile: $0) }
    }

    /// Field numbers here are those of google/protobuf/descriptor.proto.
    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        let name = Self.text(1, of: bytes) ?? ""
        let package = Self.text(2, of: bytes) ?? ""
        var dependencies: [String] = []
        for field in ProtobufFields(bytes) {
            switch field.number {
            case 3: dependencies.append(String(decoding: field.bytes, as: UTF8.self))
            case 4: addMessage(field.bytes, in: package, file: name)
            case 5: addNamed(field.bytes, in: package, file: name)
            case 6: addService(field.bytes, in: package, file: name)
            default: break
            }
        }
        files[name] = File(name: name, dependencies: dependencies, bytes: bytes)
    }

    private mutating func addMessage(_ bytes: ArraySlice<UInt8>, in scope: String, file: String) {
        let name = addNamed(bytes, in: scope, file: file)
        for field in ProtobufFields(bytes) {
            switch field.number {
            case 2, 4: addNamed(field.bytes, in: name, file: file)
            case 3: addMessage(field.bytes, in: name, file: file)
            default: break
            }
        }
    }

    private mutating func addService(_ bytes: ArraySlice<UInt8>, in scope: String, file: String) {
        let name = addNamed(bytes, in: scope, file: file)
        for field in ProtobufFields(bytes) where field.number == 2 {
            addNamed(field.bytes, in: name, file: file)
        }
    }

    /// Every descriptor has its name in field 1.
    @discardableResult
    private mutating func addNamed(
        _ bytes: ArraySlice<UInt8>, in scope: String, file: String
    ) -> String {
        let name = Self.text(1, of: bytes) ?? ""
        let full = scope.isEmpty ? name : scope + "." + name
        symbols[full] = file
        return full
    }

    private static func text(_ number: Int, of message: ArraySlice<UInt8>) -> String? {
        for field in ProtobufFields(message) where field.number == number {
            return String(decoding: field.bytes, as: UTF8.self)
        }
        return nil
    }
}

/// The base64 of RFC 4648 section 4, for our own literal: whatever is no digit is skipped.
enum Base64 {
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            let digit = text_base64_digit(character, false)
            if digit < 0 { continue }
            bits = bits << 6 | UInt32(digit)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
