// SPDX-License-Identifier: Apache-2.0
import RegoVM

// Any bytes as JSON: an error, or a value whose text reads back as the same value.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSONReader(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let arena = Arena(limit: 64 << 20)
    defer { arena.destroy() }
    let bytes = UnsafeBufferPointer(start: start, count: count)
    guard let value = try? JSONReader.read(bytes, into: arena) else { return 0 }
    var output = ByteBuilder(arena)
    JSONWriter.append(value, to: &output)
    guard let again = try? JSONReader.read(output.bytes, into: arena) else {
        fatalError("what was written is not read")
    }
    precondition(again.isEqual(to: value) && value.isEqual(to: again))
    precondition(again.hash == value.hash && again.compare(value) == 0)
    return 0
}
