// SPDX-License-Identifier: Apache-2.0

/// Memory for the values of one evaluation: handed out by moving a pointer, given back all at once.
///
/// One arena belongs to one thread. `reset` keeps the first chunk, so evaluations that fit it
/// never call malloc. An arena over its limit goes on (so that nothing crashes half-way) but says
/// so in `isExhausted`, and whoever runs the evaluation stops it there.
public struct Arena: @unchecked Sendable {
    @usableFromInline let state: UnsafeMutablePointer<State>

    @usableFromInline
    struct State {
        @usableFromInline var cursor: UnsafeMutableRawPointer
        @usableFromInline var end: UnsafeMutableRawPointer
        var first: UnsafeMutableRawPointer
        var firstSize: Int
        /// Chunks after the first, newest first, linked through their first word.
        var others: UnsafeMutableRawPointer?
        var used: Int
        var limit: Int
    }

    /// - Parameters:
    ///   - chunk: bytes that are kept between evaluations.
    ///   - limit: bytes that one evaluation may use.
    public init(chunk: Int = Limits.arenaChunkBytes, limit: Int = Limits.arenaBytes) {
        state = .allocate(capacity: 1)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: chunk, alignment: 16)
        state.initialize(
            to: State(
                cursor: memory, end: memory + chunk, first: memory, firstSize: chunk, others: nil,
                used: 0,
                limit: limit))
    }

    /// Frees everything; the arena must not be used again.
    public func destroy() {
        reset()
        state.pointee.first.deallocate()
        state.deallocate()
    }

    /// Forgets all values of the last evaluation.
    public func reset() {
        while let chunk = state.pointee.others {
            state.pointee.others = chunk.load(as: UnsafeMutableRawPointer?.self)
            chunk.deallocate()
        }
        state.pointee.used = 0
        state.pointee.cursor = state.pointee.first
        state.pointee.end = state.pointee.first + state.pointee.firstSize
    }

    /// True when the evaluation holds more than its limit.
    public var isExhausted: Bool { state.pointee.used > state.pointee.limit }

    /// Bytes that the evaluation holds beyond the kept chunk.
    public var used: Int { state.pointee.used }

    /// Bytes that one evaluation may use.
    public var limit: Int { state.pointee.limit }

    /// Bytes that may still be asked for.
    public var available: Int { max(0, state.pointee.limit - state.pointee.used) }

    /// Uninitialised memory, aligned to 8 bytes.
    @inlinable
    public func allocate(bytes: Int) -> UnsafeMutableRawPointer {
        let size = (bytes &+ 7) & ~7
        let start = state.pointee.cursor
        if start + size <= state.pointee.end {
            state.pointee.cursor = start + size
            return start
        }
        return allocateChunk(size)
    }

    @usableFromInline
    func allocateChunk(_ size: Int) -> UnsafeMutableRawPointer {
        let total = max(size + 16, Limits.arenaChunkBytes)
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
        chunk.storeBytes(of: state.pointee.others, as: UnsafeMutableRawPointer?.self)
        state.pointee.others = chunk
        state.pointee.used += total
        // A chunk made for one large request is full; keep filling the one before it.
        if size + 16 < total {
            state.pointee.cursor = chunk + 16 + size
            state.pointee.end = chunk + total
        }
        return chunk + 16
    }

    @inlinable
    public func allocate<T: BitwiseCopyable>(_ type: T.Type, count: Int) -> UnsafeMutablePointer<T>
    {
        allocate(bytes: count &* MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
    }

    @inlinable
    public func values(_ count: Int) -> UnsafeMutablePointer<Value> {
        allocate(bytes: count &* MemoryLayout<Value>.stride).assumingMemoryBound(to: Value.self)
    }

    /// A string that holds a copy of `bytes` (valid UTF-8).
    public func string(copying bytes: UnsafeBufferPointer<UInt8>) -> Value {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return .emptyString }
        let copy = allocate(UInt8.self, count: bytes.count)
        copy.update(from: source, count: bytes.count)
        return .string(copy, bytes.count)
    }

    /// A string that holds a copy of `text`. Not for the hot path.
    public func string(_ text: String) -> Value {
        var text = text
        return text.withUTF8 { string(copying: $0) }
    }

    /// An array that holds a copy of `elements`.
    public func array(_ elements: [Value]) -> Value {
        guard !elements.isEmpty else { return .emptyArray }
        let copy = values(elements.count)
        for index in elements.indices { copy[index] = elements[index] }
        return .array(sharing: copy, count: elements.count)
    }

    /// A number from its JSON text, which must be well formed; the text is copied when it does not
    /// fit an integer.
    public func number(_ text: UnsafeBufferPointer<UInt8>) -> Value {
        if let integer = JSONNumber.integer(text) { return .integer(integer) }
        let copy = allocate(UInt8.self, count: text.count)
        copy.update(from: text.baseAddress!, count: text.count)
        return Value(kind: .decimal, pointer: UnsafeRawPointer(copy), length: text.count)
    }

    /// A number from a double: the shortest decimal that reads back the same. NaN and infinities
    /// have no JSON form and give `.undefined`.
    public func number(_ double: Double) -> Value {
        guard double.isFinite else { return .undefined }
        if let integer = Int64(exactly: double) { return .integer(integer) }
        var text = double.description
        return text.withUTF8 { number($0) }
    }
}
