// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Where a request's arguments point to: URLs in them, mail addresses, and hosts under keys that
/// name one. A tool that is given a URL goes there, wherever the tool itself runs.
///
/// MCP and A2A: the arguments. LLM: the servers and files that the model's provider is told to
/// call. SQL: the statement. Others have none.
public struct ArgumentDestinations {
    private let facts: ActionFacts
    private let arena: Arena

    /// - Parameter arena: for hosts that must be spelled differently than they came.
    public init(_ facts: ActionFacts, arena: Arena) {
        self.facts = facts
        self.arena = arena
    }

    /// One destination. `argument` is the key under which it stands, empty for an element of a list
    /// at the top.
    public struct Found {
        public var destination: Destination
        /// `https`, `mailto`; empty for a bare host.
        public var scheme: Bytes
        public var argument: Bytes
    }

    /// Calls `visit` for each destination, at most `Limits.destinations` times.
    ///
    /// - Returns: false when there may be more.
    @discardableResult
    public func forEach(_ visit: (Found) -> Void) -> Bool {
        var search = DestinationSearch(arena, facts.internalDestinations)
        switch facts.trafficProtocol {
        case .mcp, .a2a, .sql: search.look(at: facts.arguments, .empty, 0, visit)
        case .llm:
            search.look(at: facts.content["tools"], .empty, 0, visit)
            search.look(at: facts.content["mcp_servers"], .empty, 0, visit)
        default: break
        }
        return search.isComplete
    }
}

extension ActionFacts {
    /// True when the request, or something that it is asked to call, is outside, or may be.
    public var reachesOutside: Bool {
        if effect == .egress || !destination.isInternal { return true }
        for message in batch where message.reachesOutside { return true }
        guard let arena else { return false }
        var isOutside = false
        let isComplete = ArgumentDestinations(self, arena: arena).forEach { found in
            if !found.destination.isInternal { isOutside = true }
        }
        return isOutside || !isComplete
    }
}

/// A walk through arguments.
private struct DestinationSearch {
    private let arena: Arena
    private unowned(unsafe) let internalDestinations: InternalDestinations?
    private var values = Limits.argumentValues
    private var left = Limits.destinations
    var isComplete = true

    init(_ arena: Arena, _ internalDestinations: InternalDestinations?) {
        self.arena = arena
        self.internalDestinations = internalDestinations
    }

    mutating func look(
        at value: Value, _ key: Bytes, _ depth: Int, _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        guard depth < Limits.argumentDepth, values > 0 else {
            isComplete = false
            return
        }
        values -= 1
        switch value.kind {
        case .string: look(in: value.text, key, visit)
        case .array:
            for element in value.elements { look(at: element, key, depth + 1, visit) }
        case .object:
            for index in 0..<value.count {
                look(at: value.values[index], value.keys[index].text, depth + 1, visit)
            }
        default: break
        }
    }

    private mutating func look(
        in text: Bytes, _ key: Bytes, _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        var position = 0
        var isFound = false
        while let colon = text.firstIndex(of: UInt8(ascii: ":"), from: position) {
            position = colon + 1
            guard colon + 2 < text.count, Self.isSlash(text[colon + 1]),
                Self.isSlash(text[colon + 2])
            else { continue }
            let scheme = Self.scheme(text, endingAt: colon)
            emit(Self.authority(text, from: colon + 3), scheme, key, visit)
            isFound = true
        }
        guard !isFound else { return }
        if text.count > 2, Self.isSlash(text[0]), Self.isSlash(text[1]) {
            emit(Self.authority(text, from: 2), .empty, key, visit)
        } else if let mail = Self.mailHost(text) {
            emit(mail, Bytes("mailto"), key, visit)
        } else if Self.namesHost(key) {
            bareHost(text.trimmed, key, visit)
        }
    }

    /// A host under a key that names one: what has no dot, no port and is no address may be any
    /// word.
    private mutating func bareHost(
        _ text: Bytes, _ key: Bytes, _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        let authority = Self.authority(text, from: 0)
        guard !authority.isEmpty, text.firstIndex(of: 0x20) == nil else { return }
        let isHost =
            authority.firstIndex(of: UInt8(ascii: ".")) != nil
            || authority.firstIndex(of: UInt8(ascii: ":")) != nil
            || authority.equalsIgnoringCase("localhost") || key.endsIgnoringCase("host")
        if isHost { emit(authority, .empty, key, visit) }
    }

    private mutating func emit(
        _ authority: Bytes, _ scheme: Bytes, _ key: Bytes,
        _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        guard left > 0 else {
            isComplete = false
            return
        }
        left -= 1
        var destination = Destination()
        if !authority.isEmpty, let found = Destination(authority: authority, arena: arena) {
            destination = found
            destination.isInternal = internalDestinations?.contains(found.host) ?? false
        }
        if destination.port == 0 { destination.port = Self.port(scheme) }
        visit(.init(destination: destination, scheme: scheme.lowercased(in: arena), argument: key))
    }

    private static func port(_ scheme: Bytes) -> UInt16 {
        if scheme.equalsIgnoringCase("https") || scheme.equalsIgnoringCase("wss") { return 443 }
        return scheme.equalsIgnoringCase("http") || scheme.equalsIgnoringCase("ws") ? 80 : 0
    }

    /// Browsers and many libraries take a backslash for a slash.
    private static func isSlash(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
    }

    private static func scheme(_ text: Bytes, endingAt end: Int) -> Bytes {
        var start = end
        while start > 0, isSchemeByte(text[start - 1]) { start -= 1 }
        return text[start..<end]
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".")
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    /// Host and port, without user information: what stands before the path.
    private static func authority(_ text: Bytes, from start: Int) -> Bytes {
        var start = start
        while start < text.count, isSlash(text[start]) { start += 1 }
        var end = start
        while end < text.count, !endsAuthority(text[end]) { end += 1 }
        var host = start
        for index in start..<end where text[index] == UInt8(ascii: "@") { host = index + 1 }
        return text[host..<end]
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x20, UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "?"),
            UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "`"), UInt8(ascii: "|"):
            true
        default: false
        }
    }

    /// The host of `name@host.example`, or of `git@host.example:path`, when that is the whole text.
    private static func mailHost(_ text: Bytes) -> Bytes? {
        let text = text.trimmed
        guard let at = text.firstIndex(of: UInt8(ascii: "@")), at > 0,
            text.firstIndex(of: 0x20) == nil,
            text.firstIndex(of: UInt8(ascii: "@"), from: at + 1) == nil
        else { return nil }
        let rest = text[at + 1..<text.count]
        let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.count
        let host = authority(rest[0..<end], from: 0)
        return host.firstIndex(of: UInt8(ascii: ".")) != nil ? host : nil
    }

    private static func namesHost(_ key: Bytes) -> Bool {
        key.endsIgnoringCase("host") || key.endsIgnoringCase("hostname")
            || key.endsIgnoringCase("domain") || key.endsIgnoringCase("url")
            || key.endsIgnoringCase("uri") || key.endsIgnoringCase("endpoint")
            || key.endsIgnoringCase("server") || key.endsIgnoringCase("webhook")
            || key.endsIgnoringCase("proxy") || key.endsIgnoringCase("address")
    }
}
