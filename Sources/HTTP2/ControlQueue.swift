// SPDX-License-Identifier: Apache-2.0

/// Frames other than answers that wait to be written: SETTINGS, acknowledgements, window updates,
/// resets, GOAWAY.
struct ControlQueue {
    private(set) var bytes: [UInt8] = []
    private var start = 0

    var isEmpty: Bool { start == bytes.count }
    var count: Int { bytes.count - start }

    mutating func append(_ head: FrameHead) {
        withUnsafeTemporaryAllocation(byteCount: FrameHead.bytes, alignment: 1) { buffer in
            head.write(to: buffer.baseAddress.unsafelyUnwrapped)
            bytes.append(contentsOf: buffer)
        }
    }

    mutating func append(_ number: UInt32) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ setting: UInt16, _ value: UInt32) {
        withUnsafeBytes(of: setting.bigEndian) { bytes.append(contentsOf: $0) }
        append(value)
    }

    mutating func append(_ payload: UnsafeRawBufferPointer) { bytes.append(contentsOf: payload) }

    /// Moves out as much as fits.
    ///
    /// - Returns: how many bytes.
    mutating func move(to output: UnsafeMutableRawPointer, room: Int) -> Int {
        let moved = min(count, room)
        guard moved > 0 else { return 0 }
        bytes.withUnsafeBytes {
            output.copyMemory(
                from: $0.baseAddress.unsafelyUnwrapped + start, byteCount: moved)
        }
        start += moved
        forgetMoved()
        return moved
    }

    /// Also a queue that is never quite empty must not grow by what has left.
    private mutating func forgetMoved() {
        if isEmpty {
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        } else if start > Self.keptBytes {
            bytes.removeFirst(start)
        } else {
            return
        }
        start = 0
    }

    /// Bytes of memory kept by a queue that is empty.
    private static let keptBytes = 1024
}
