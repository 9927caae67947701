// SPDX-License-Identifier: Apache-2.0
import HTTP2Client
import Testing

@testable import HTTP2

/// A header block in the bytes of the last one is not decoded again.
@Suite struct HeaderMemoryTests {
    /// `:method: POST`, `:scheme: http`, and from the table `:path` (entry 62).
    private static let known: [UInt8] = [0x83, 0x86, 0xBE]

    /// Adds `:path: value` to the table (RFC 7541 section 6.2.1).
    private func path(_ value: String) -> [UInt8] {
        [0x44, UInt8(value.utf8.count)] + Array(value.utf8)
    }

    private func paths(_ blocks: [[UInt8]]) -> [String] {
        let wire = Wire()
        var paths: [String] = []
        wire.onReady = { stream in
            guard case .text(let text) = stream.header(.path) else { return }
            paths.append(String(decoding: text, as: UTF8.self))
        }
        var bytes = Raw.greeting
        for (index, block) in blocks.enumerated() {
            bytes += Raw.frame(
                type: Raw.headers, flags: 5, stream: UInt32(index * 2 + 1), block)
        }
        wire.receive(bytes)
        #expect(wire.fault == nil)
        return paths
    }

    @Test func sameBytesMeanTheSame() {
        let first = [0x83, 0x86] + path("/a")
        #expect(paths([first, Self.known, Self.known, Self.known]) == ["/a", "/a", "/a", "/a"])
    }

    @Test func changedTableIsNoticed() {
        let first = [0x83, 0x86] + path("/a")
        let second = [0x83, 0x86] + path("/b")
        #expect(
            paths([first, Self.known, Self.known, second, Self.known])
                == ["/a", "/a", "/a", "/b", "/b"])
    }

    @Test func tableThatTrailersChangeIsNoticed() {
        let wire = Wire()
        var paths: [String] = []
        wire.onReady = { stream in
            guard !stream.isEnded, case .text(let text) = stream.header(.path) else { return }
            paths.append(String(decoding: text, as: UTF8.self))
        }
        func head(_ id: UInt32, _ block: [UInt8]) -> [UInt8] {
            Raw.frame(type: Raw.headers, flags: 4, stream: id, block)
        }
        // `x: y` goes before `:path: /a`, which is then entry 63.
        let trailers = Raw.frame(
            type: Raw.headers, flags: 5, stream: 1,
            [0x40, 1, UInt8(ascii: "x"), 1, UInt8(ascii: "y")])
        wire.receive(Raw.greeting + head(1, [0x83, 0x86] + path("/a")) + head(3, Self.known))
        wire.receive(trailers + head(5, Self.known))
        #expect(paths == ["/a", "/a"])
        #expect(wire.session.stream(5) == nil)
    }

    @Test func everyFormIsToldApart() {
        let keeps: [[UInt8]] = [
            [], Self.known, [0xFF, 0x00], [0x00, 1, 97, 1, 98], [0x10, 1, 97, 0x81, 0x1F],
            [0x04, 1, 47], [0x0F, 0x10, 1, 47],
        ]
        let changes: [[UInt8]] = [
            path("/a"), [0x40, 1, 97, 1, 98], [0x20], [0x3F, 0xE1, 0x1F], Self.known + path("/"),
            // Not well formed.
            [0xFF], [0x00, 5, 97], [0x04], [0x0F], [0xFF, 0x80, 0x80, 0x80, 0x01], [0x00],
        ]
        for block in keeps { #expect(block.withUnsafeBytes(HeaderDecoder.keepsTable), "\(block)") }
        for block in changes {
            #expect(!block.withUnsafeBytes(HeaderDecoder.keepsTable), "\(block)")
        }
    }

    @Test func headOverTheLimitStaysOverIt() {
        var limits = SessionLimits()
        limits.headerList = 150
        let wire = Wire(limits: limits)
        var tooLarge: [Bool] = []
        wire.onReady = { tooLarge.append($0.isHeadTooLarge) }
        let first = [0x83, 0x86] + path("/" + String(repeating: "a", count: 60))
        var bytes = Raw.greeting
        for (index, block) in [first, Self.known, Self.known].enumerated() {
            bytes += Raw.frame(
                type: Raw.headers, flags: 5, stream: UInt32(index * 2 + 1), block)
        }
        wire.receive(bytes)
        #expect(tooLarge == [true, true, true])
    }

    @Test func tableFindsWhatItHolds() {
        var table = StreamTable()
        defer { table.destroy() }
        var states: [Int32: UnsafeMutablePointer<StreamState>] = [:]
        let room = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        let kept = room.bindMemory(to: UInt8.self, capacity: 1)
        for round in Int32(0)..<20_000 {
            if states.count < 5 || Bool.random() && states.count < 200 {
                let state = UnsafeMutablePointer<StreamState>.allocate(capacity: 1)
                let timer = TimerNode(kind: .stream, owner: 0)
                state.initialize(to: StreamState(timer: timer, kept: kept, inline: room))
                state.pointee.id = round * 2 + 1
                table.insert(state)
                states[state.pointee.id] = state
            } else if let (id, state) = states.randomElement() {
                table.remove(id)
                states[id] = nil
                state.deallocate()
                #expect(table.find(id) == nil)
            }
            #expect(table.count == states.count)
            if let (id, state) = states.randomElement() { #expect(table.find(id) == state) }
        }
        for (id, state) in states { #expect(table.find(id) == state) }
        // Not before: the table looks into those that stand in the way.
        for state in states.values { state.deallocate() }
        room.deallocate()
    }
}
