// SPDX-License-Identifier: Apache-2.0
import Authorization

/// The recent events of one agent in a fixed number of bytes, oldest first. A new event pushes out
/// as many old ones as it needs room for.
struct EventLog {
    private var bytes = InlineArray<960, UInt8>(repeating: 0)
    private var used: UInt16 = 0
    private(set) var count: UInt16 = 0

    /// Before the texts of an event: size of the whole event (2 bytes), time (8), action, effect,
    /// protocol, flags, the four texts' lengths (1 byte each), and the session's hash (4 bytes).
    private static let headerBytes = 22

    struct Flags: OptionSet {
        let rawValue: UInt8
        static let allowed = Flags(rawValue: 1)
        static let isInternal = Flags(rawValue: 2)
        /// A text was longer than what is kept of it.
        static let cut = Flags(rawValue: 4)
    }

    /// - Parameters:
    ///   - event: not changed; see `AgentStore.apply(_:)`.
    ///   - session: its short hash; 0 for none.
    mutating func append(_ event: inout ContextEvent, session: UInt32) {
        var flags: Flags = []
        if event.isAllowed { flags.insert(.allowed) }
        if event.isInternal { flags.insert(.isInternal) }
        let texts = (
            Self.cut(event.operation, &flags), Self.cut(event.tool, &flags),
            Self.cut(event.resource, &flags), Self.cut(event.destination, &flags)
        )
        let size =
            Self.headerBytes + texts.0.count + texts.1.count + texts.2.count + texts.3.count
        makeRoom(size)
        let start = Int(used)
        withUnsafeMutableBytes(of: &bytes) { memory in
            memory.storeBytes(of: UInt16(size), toByteOffset: start, as: UInt16.self)
            memory.storeBytes(of: event.time, toByteOffset: start + 2, as: Int64.self)
            memory[start + 10] = event.action.rawValue
            memory[start + 11] = event.effect.rawValue
            memory[start + 12] = event.trafficProtocol.rawValue
            memory[start + 13] = flags.rawValue
            memory.storeBytes(of: session, toByteOffset: start + 18, as: UInt32.self)
            var position = start + Self.headerBytes
            Self.put(texts.0, 14, start, memory, &position)
            Self.put(texts.1, 15, start, memory, &position)
            Self.put(texts.2, 16, start, memory, &position)
            Self.put(texts.3, 17, start, memory, &position)
        }
        used += UInt16(size)
        count += 1
    }

    private static func put(
        _ text: Bytes, _ lengthOffset: Int, _ start: Int, _ memory: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        memory[start + lengthOffset] = UInt8(text.count)
        guard let source = text.start, text.count > 0 else { return }
        memory.baseAddress?.advanced(by: position).copyMemory(from: source, byteCount: text.count)
        position += text.count
    }

    /// The text's beginning, cut where a character begins.
    private static func cut(_ text: Bytes, _ flags: inout Flags) -> Bytes {
        guard text.count > Limits.eventTextBytes else { return text }
        flags.insert(.cut)
        var end = Limits.eventTextBytes
        while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[0..<end]
    }

    /// Drops old events until `size` more bytes fit.
    private mutating func makeRoom(_ size: Int) {
        var dropped = 0
        var left = count
        let filled = Int(used)
        withUnsafeBytes(of: &bytes) { memory in
            while left > 0, filled - dropped + size > Limits.eventBytes || left >= Limits.events {
                dropped += Int(memory.loadUnaligned(fromByteOffset: dropped, as: UInt16.self))
                left -= 1
            }
        }
        count = left
        guard dropped > 0 else { return }
        let kept = filled - dropped
        withUnsafeMutableBytes(of: &bytes) { memory in
            guard let base = memory.baseAddress else { return }
            base.copyMemory(from: base + dropped, byteCount: kept)
        }
        used = UInt16(kept)
    }

    /// One event as it is kept; its texts point into the log.
    struct Entry {
        var time: Int64
        var action: Action
        var effect: Effect
        var trafficProtocol: TrafficProtocol
        var flags: Flags
        /// 0 for none.
        var session: UInt32
        var operation: Bytes
        var tool: Bytes
        var resource: Bytes
        var destination: Bytes
    }

    /// Calls `body` with each event, oldest first. The texts are valid only inside of it.
    func forEach(_ body: (Entry) -> Void) {
        withUnsafeBytes(of: bytes) { memory in
            var start = 0
            while start < Int(used) {
                var position = start + Self.headerBytes
                let entry = Entry(
                    time: memory.loadUnaligned(fromByteOffset: start + 2, as: Int64.self),
                    action: Action(rawValue: memory[start + 10]) ?? .deny,
                    effect: Effect(rawValue: memory[start + 11]) ?? .unknown,
                    trafficProtocol: TrafficProtocol(rawValue: memory[start + 12]) ?? .unknown,
                    flags: Flags(rawValue: memory[start + 13]),
                    session: memory.loadUnaligned(fromByteOffset: start + 18, as: UInt32.self),
                    operation: Self.take(memory, start + 14, &position),
                    tool: Self.take(memory, start + 15, &position),
                    resource: Self.take(memory, start + 16, &position),
                    destination: Self.take(memory, start + 17, &position))
                body(entry)
                start += Int(memory.loadUnaligned(fromByteOffset: start, as: UInt16.self))
            }
        }
    }

    private static func take(
        _ memory: UnsafeRawBufferPointer, _ lengthOffset: Int, _ position: inout Int
    ) -> Bytes {
        let length = Int(memory[lengthOffset])
        defer { position += length }
        return Bytes(UnsafeRawBufferPointer(rebasing: memory[position..<position + length]))
    }
}
