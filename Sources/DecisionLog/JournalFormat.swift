// SPDX-License-Identifier: Apache-2.0
import Cryptography

// The journal's files. A segment is a header and batches; a batch is what one loop turn committed:
// a header and its records in the form of an entry bundle. All numbers are little-endian.

/// The first 64 bytes of a segment.
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | `PCJRNL1` and a line feed |
/// | 8 | the segment's number |
/// | 8 | sequence number of its first record; batches of earlier segments from there on are void |
/// | 32 | SHA-256 of the log's origin |
/// | 8 | XXH64 of the bytes before |
struct SegmentHeader: Equatable {
    static let length = 64
    private static let magic = UInt64(littleEndian: 0x0A31_4C4E_524A_4350)

    let ordinal: Int
    let first: Int
    let origin: Digest

    func write(to buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: Self.magic.littleEndian, as: UInt64.self)
        buffer.storeBytes(of: UInt64(ordinal).littleEndian, toByteOffset: 8, as: UInt64.self)
        buffer.storeBytes(of: UInt64(first).littleEndian, toByteOffset: 16, as: UInt64.self)
        origin.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: buffer[24..<56]).copyMemory(from: $0)
        }
        let sum = Checksum.of(UnsafeRawBufferPointer(rebasing: buffer[..<56]))
        buffer.storeBytes(of: sum.littleEndian, toByteOffset: 56, as: UInt64.self)
    }

    /// Nil when the bytes are no segment header.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length, number(bytes, 0) == Self.magic,
            number(bytes, 56) == Checksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<56])),
            let ordinal = Int(exactly: number(bytes, 8)),
            let first = Int(exactly: number(bytes, 16))
        else { return nil }
        self.init(
            ordinal: ordinal, first: first,
            origin: Digest(UnsafeRawBufferPointer(rebasing: bytes[24..<56])))
    }

    init(ordinal: Int, first: Int, origin: Digest) {
        self.ordinal = ordinal
        self.first = first
        self.origin = origin
    }
}

/// The first 40 bytes of a batch.
///
/// | bytes | what |
/// | --- | --- |
/// | 4 | `PJB1` |
/// | 4 | bytes of its records |
/// | 8 | sequence number of its first record |
/// | 4 | how many records |
/// | 4 | zero |
/// | 8 | XXH64 of its records |
/// | 8 | XXH64 of the bytes before, with the segment's number as seed |
struct BatchHeader {
    static let length = 40
    static let magic: UInt32 = 0x3142_4A50

    let payloadLength: Int
    let first: Int
    let count: Int
    let payloadSum: UInt64

    init(payloadLength: Int, first: Int, count: Int, payloadSum: UInt64) {
        self.payloadLength = payloadLength
        self.first = first
        self.count = count
        self.payloadSum = payloadSum
    }

    func write(to buffer: UnsafeMutableRawBufferPointer, ordinal: Int) {
        buffer.storeBytes(of: Self.magic.littleEndian, as: UInt32.self)
        buffer.storeBytes(
            of: UInt32(payloadLength).littleEndian, toByteOffset: 4, as: UInt32.self)
        buffer.storeBytes(of: UInt64(first).littleEndian, toByteOffset: 8, as: UInt64.self)
        buffer.storeBytes(of: UInt64(count).littleEndian, toByteOffset: 16, as: UInt64.self)
        buffer.storeBytes(of: payloadSum.littleEndian, toByteOffset: 24, as: UInt64.self)
        let sum = Checksum.of(
            UnsafeRawBufferPointer(rebasing: buffer[..<32]), seed: UInt64(ordinal))
        buffer.storeBytes(of: sum.littleEndian, toByteOffset: 32, as: UInt64.self)
    }

    /// Nil when the bytes are no batch header of segment `ordinal`.
    init?(_ bytes: UnsafeRawBufferPointer, ordinal: Int) {
        guard bytes.count >= Self.length,
            UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)) == Self.magic,
            number(bytes, 32)
                == Checksum.of(
                    UnsafeRawBufferPointer(rebasing: bytes[..<32]), seed: UInt64(ordinal)),
            let first = Int(exactly: number(bytes, 8)),
            let count = Int(exactly: number(bytes, 16))
        else { return nil }
        let length = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        self.init(
            payloadLength: Int(UInt32(littleEndian: length)), first: first, count: count,
            payloadSum: number(bytes, 24))
    }

    /// Header and records.
    var totalLength: Int { Self.length + payloadLength }
}

private func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

/// `0000000000000001.journal`
func segmentName(_ ordinal: Int) -> String {
    let digits = String(ordinal)
    let zeros = max(0, DecisionLogLimits.segmentDigits - digits.utf8.count)
    return String(repeating: "0", count: zeros) + digits + ".journal"
}

/// The number in a segment's name; nil for any other name.
func segmentOrdinal(_ name: String) -> Int? {
    guard name.hasSuffix(".journal"), let ordinal = Int(name.dropLast(".journal".count)),
        segmentName(ordinal) == name
    else { return nil }
    return ordinal
}
