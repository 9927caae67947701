// SPDX-License-Identifier: Apache-2.0

/// A collection that is still open.
struct JSONFrame {
    /// Where its parts begin on the stack of values, in bytes: behind the place of its own.
    let base: Int
    let closing: UInt8
    let separator: UInt8
    /// Of those parts that are collections: how deep they nest, and what they hold besides
    /// themselves.
    private var nesting: UInt16 = 0
    private var held: UInt64 = 0

    init(base: Int, closing: UInt8, separator: UInt8 = UInt8(ascii: ",")) {
        self.base = base
        self.closing = closing
        self.separator = separator
    }

    /// What the document lies in. Nothing separates or closes it: the reader sees no spaces.
    static var root: JSONFrame {
        JSONFrame(base: 0, closing: UInt8(ascii: " "), separator: UInt8(ascii: " "))
    }

    var isObject: Bool { closing == UInt8(ascii: "}") }

    /// One of its parts is this collection.
    @inline(__always)
    mutating func add(_ part: Value) {
        nesting = max(nesting, part.nesting)
        held &+= part.weight &- 1
    }

    /// What its parts are together.
    @inline(__always)
    func shape(_ count: Int) -> Shape {
        var shape = Shape()
        shape.nesting = nesting
        shape.weight = held &+ UInt64(count)
        return shape
    }
}

/// What the reader of JSON has read of collections that are still open: frames, values and keys,
/// the innermost last.
struct JSONStack {
    private let arena: Arena
    private(set) var values: UnsafeMutablePointer<Value>
    private(set) var valuesEnd: UnsafeMutablePointer<Value>
    /// Of each value that lies in an object, in the same place.
    private var keys: UnsafeMutablePointer<Value>
    /// Of each key the first eight bytes, as a number that orders as they do.
    private var prefixes: UnsafeMutablePointer<UInt64>
    /// Begins with the root, which is never taken off.
    private(set) var frames: UnsafeMutablePointer<JSONFrame>
    private(set) var lastFrame: UnsafeMutablePointer<JSONFrame>
    private var framesEnd: UnsafeMutablePointer<JSONFrame>

    private static let capacity = 32
    /// Places behind the prefixes, which `text_close_ranks` writes to.
    private static let spare = 3

    init(_ arena: Arena) {
        self.arena = arena
        values = arena.values(Self.capacity)
        valuesEnd = values + Self.capacity
        keys = arena.values(Self.capacity)
        prefixes = arena.allocate(UInt64.self, count: Self.capacity + Self.spare)
        frames = arena.allocate(JSONFrame.self, count: Self.capacity)
        frames.pointee = .root
        lastFrame = frames
        framesEnd = frames + Self.capacity
    }

    /// Collections that are open.
    var depth: Int { lastFrame - frames }

    /// How many bytes lie before a value, which stays so when the stack moves.
    @inline(__always)
    func offset(of value: UnsafeMutablePointer<Value>) -> Int {
        Int(bitPattern: value) &- Int(bitPattern: values)
    }

    @inline(__always)
    func value(at offset: Int) -> UnsafeMutablePointer<Value> {
        (UnsafeMutableRawPointer(values) + offset).assumingMemoryBound(to: Value.self)
    }

    /// The key of the value at an offset.
    @inline(__always)
    func key(at offset: Int) -> UnsafeMutablePointer<Value> {
        (UnsafeMutableRawPointer(keys) + offset).assumingMemoryBound(to: Value.self)
    }

    @inline(__always)
    func prefix(at offset: Int) -> UnsafeMutablePointer<UInt64> {
        // A value takes the room of two.
        (UnsafeMutableRawPointer(prefixes) + offset &>> 1).assumingMemoryBound(to: UInt64.self)
    }

    /// How many values lie between two places, of which `start` is not the later one: a difference
    /// that may be negative takes longer to divide.
    @inline(__always)
    static func count(
        from start: UnsafeMutablePointer<Value>, to end: UnsafeMutablePointer<Value>
    ) -> Int {
        let bytes = UInt(bitPattern: end) &- UInt(bitPattern: start)
        return Int(bitPattern: bytes / UInt(MemoryLayout<Value>.stride))
    }

    @inline(__always)
    mutating func push(_ frame: JSONFrame) {
        lastFrame += 1
        if lastFrame == framesEnd { growFrames() }
        lastFrame.pointee = frame
    }

    @inline(__always)
    mutating func popFrame() { lastFrame -= 1 }

    /// Makes room for more values and their keys.
    ///
    /// - Returns: the place behind those that there are.
    mutating func growValues() -> UnsafeMutablePointer<Value> {
        let count = valuesEnd - values
        values = larger(values, count)
        keys = larger(keys, count)
        prefixes = larger(prefixes, count, spare: Self.spare)
        valuesEnd = values + count * 2
        return values + count
    }

    private mutating func growFrames() {
        let count = framesEnd - frames
        frames = larger(frames, count)
        lastFrame = frames + count
        framesEnd = frames + count * 2
    }

    private func larger<Element: BitwiseCopyable>(
        _ elements: UnsafeMutablePointer<Element>, _ count: Int, spare: Int = 0
    ) -> UnsafeMutablePointer<Element> {
        let larger = arena.allocate(Element.self, count: count * 2 + spare)
        larger.update(from: elements, count: count)
        return larger
    }
}
