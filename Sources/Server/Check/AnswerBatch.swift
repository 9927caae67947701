// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Answers that wait for the log, with their bytes in one buffer that is kept from batch to batch.
struct AnswerBatch {
    private var calls: [(call: CallHandle, end: Int)] = []
    private var bytes: [UInt8] = []

    var isEmpty: Bool { calls.isEmpty }
    var count: Int { calls.count }

    mutating func add(_ call: CallHandle, _ answer: Bytes) {
        add(call, UnsafeRawBufferPointer(answer.buffer))
    }

    mutating func add(_ call: CallHandle, _ answer: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: answer)
        calls.append((call, bytes.count))
    }

    /// Gives all answers.
    mutating func send() {
        bytes.withUnsafeBytes { buffer in
            var start = 0
            for (call, end) in calls {
                call.respond(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
                start = end
            }
        }
        clear()
    }

    /// Gives `answer` to all calls in the place of theirs.
    mutating func refuse(_ answer: Bytes) {
        for (call, _) in calls { call.respond(UnsafeRawBufferPointer(answer.buffer)) }
        clear()
    }

    private mutating func clear() {
        calls.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }
}
