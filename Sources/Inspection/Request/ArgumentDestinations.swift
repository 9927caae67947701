// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Where a request's arguments point to: URLs in them, mail addresses, and hosts under keys that
/// name one. A tool that is given a URL goes there, wherever the tool itself runs.
///
/// MCP and A2A: the arguments. LLM: the servers, images and files that the model's provider is told
/// to call or to fetch. SQL: the statement. Others have none.
///
/// Readers of URLs differ (RFC 3986, and the WHATWG's for browsers): where they do, each reading is
/// a destination.
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
        case .mcp, .a2a:
            search.findsMail = true
            search.look(at: facts.arguments, .empty, 0, visit)
        case .sql: search.look(at: facts.arguments, .empty, 0, visit)
        case .llm:
            search.look(at: facts.content["tools"], .empty, 0, visit)
            search.look(at: facts.content["mcp_servers"], .empty, 0, visit)
            search.fetched(facts.content, 0, visit)
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
    /// True where mail addresses are looked for inside texts.
    var findsMail = false

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
        var isFound = urls(in: text, key, visit)
        if let joined = Self.joined(text, arena), urls(in: joined, key, visit) { isFound = true }
        guard !isFound else {
            if findsMail { mails(in: text, key, visit) }
            return
        }
        if text.count > 2, Self.isSlash(text[0]), Self.isSlash(text[1]) {
            emitAuthority(text, from: 2, .empty, key, visit)
        } else if let mail = Self.mailHost(text) {
            emit(mail, Bytes("mailto"), key, visit)
        } else if Self.namesHost(key), bareHost(text.trimmed, key, visit) {
            return
        } else if findsMail {
            mails(in: text, key, visit)
        }
    }

    /// - Returns: true when there was one.
    private mutating func urls(
        in text: Bytes, _ key: Bytes, _ visit: (ArgumentDestinations.Found) -> Void
    ) -> Bool {
        var position = 0
        var isFound = false
        while let colon = text.firstIndex(of: UInt8(ascii: ":"), from: position) {
            position = colon + 1
            // Browsers drop tabs and line feeds.
            var start = position
            var slashes = 0
            while start < text.count, Self.isSlash(text[start]) || Self.isDropped(text[start]) {
                if Self.isSlash(text[start]) { slashes += 1 }
                start += 1
            }
            let scheme = Self.scheme(text, endingAt: colon)
            guard slashes >= 2 || (Self.isWeb(scheme) && Self.mayBeHost(text, start)) else {
                continue
            }
            emitAuthority(text, from: start, scheme, key, visit)
            isFound = true
        }
        return isFound
    }

    /// A text that is one URL, without the tabs and line feeds that browsers drop; nil when it has
    /// none, or spaces as prose does.
    private static func joined(_ text: Bytes, _ arena: Arena) -> Bytes? {
        guard text.firstIndex(of: UInt8(ascii: ":")) != nil, text.firstIndex(of: 0x20) == nil,
            text.firstIndex(of: 0x09) != nil || text.firstIndex(of: 0x0A) != nil
                || text.firstIndex(of: 0x0D) != nil
        else { return nil }
        let memory = arena.allocate(UInt8.self, count: text.count)
        var count = 0
        for index in 0..<text.count {
            guard isDropped(text[index]) else {
                memory[count] = text[index]
                count += 1
                continue
            }
            // A list of URLs, one a line.
            if count > 0, beginsURL(text, index + 1) { break }
        }
        return Bytes(start: memory, count: count)
    }

    private static func beginsURL(_ text: Bytes, _ start: Int) -> Bool {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":"), from: start), colon - start < 6,
            colon + 2 < text.count, isSlash(text[colon + 1]), isSlash(text[colon + 2])
        else { return false }
        return isWeb(text[start..<colon])
    }

    private static func isDropped(_ byte: UInt8) -> Bool {
        byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    /// Schemes whose URLs browsers read without their slashes too.
    private static func isWeb(_ scheme: Bytes) -> Bool {
        scheme.equalsIgnoringCase("https") || scheme.equalsIgnoringCase("http")
            || scheme.equalsIgnoringCase("wss") || scheme.equalsIgnoringCase("ws")
            || scheme.equalsIgnoringCase("ftp")
    }

    private static func mayBeHost(_ text: Bytes, _ start: Int) -> Bool {
        start < text.count && !endsAuthority(text[start])
    }

    /// The authority at `start`. User information may hold marks that prose ends a URL with, and a
    /// backslash, which is a slash to some: then what stands behind the last `@` is a second host.
    private mutating func emitAuthority(
        _ text: Bytes, from start: Int, _ scheme: Bytes, _ key: Bytes,
        _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        emit(Self.authority(text, from: start), scheme, key, visit)
        var index = start
        while index < text.count, Self.isSlash(text[index]) { index += 1 }
        var isEnded = false
        var host: Int?
        while index < text.count, !Self.endsUserInformation(text[index]) {
            if Self.endsAuthority(text[index]) { isEnded = true }
            if isEnded, text[index] == UInt8(ascii: "@") { host = index + 1 }
            index += 1
        }
        if let host { emit(Self.authority(text, from: host), scheme, key, visit) }
    }

    private static func endsUserInformation(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?")
            || byte == UInt8(ascii: "#")
    }

    // MARK: Mail

    /// Every `name@host.example` that is no part of a URL.
    private mutating func mails(
        in text: Bytes, _ key: Bytes, _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        var position = 0
        while let at = text.firstIndex(of: UInt8(ascii: "@"), from: position) {
            position = at + 1
            guard at > 0, Self.isName(text[at - 1]) || text[at - 1] == UInt8(ascii: "\"") else {
                continue
            }
            while position < text.count, Self.isMailHost(text[position]) { position += 1 }
            var end = position
            while end > at + 1, !Self.isName(text[end - 1]) { end -= 1 }
            let host = text[at + 1..<end]
            guard Self.endsInName(host), !Self.isInURL(text, at) else { continue }
            emit(host, Bytes("mailto"), key, visit)
        }
    }

    private static func isName(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte >= 0x80 || byte == UInt8(ascii: "_")
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }

    private static func isMailHost(_ byte: UInt8) -> Bool {
        isName(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "%")
    }

    /// True for hosts with a dot whose last label is no number: `pkg@1.2.3` is a version.
    private static func endsInName(_ host: Bytes) -> Bool {
        var index = host.count
        while index > 0, host[index - 1] != UInt8(ascii: ".") { index -= 1 }
        return index > 1 && index < host.count && !ASCII.isDigit(host[index])
    }

    /// True when the `@` belongs to a URL's path or query, or to its user information.
    private static func isInURL(_ text: Bytes, _ at: Int) -> Bool {
        var start = at
        while start > 0, !endsWord(text[start - 1]) {
            start -= 1
            if text[start] == UInt8(ascii: ":"), start + 2 < at, isSlash(text[start + 1]),
                isSlash(text[start + 2])
            {
                return true
            }
        }
        return false
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
            || byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";")
            || byte == UInt8(ascii: "\"")
    }

    // MARK: What a provider fetches

    /// Images and files in the parts of a prompt: `image_url`, `file_url`, Gemini's `fileUri`,
    /// Anthropic's `source.url`.
    mutating func fetched(
        _ value: Value, _ depth: Int, _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        guard value.isCollection, value.count > 0 else { return }
        guard depth < Limits.argumentDepth, values > 0 else {
            isComplete = false
            return
        }
        values -= 1
        guard value.kind == .object else {
            for element in value.elements { fetched(element, depth + 1, visit) }
            return
        }
        for index in 0..<value.count {
            let (key, member) = (value.keys[index], value.values[index])
            if Self.namesFetched(key) {
                let url = member.kind == .object ? member["url"] : member
                fetched(url.text, key.text, visit)
            }
            if key.equals("source") { fetched(member["url"].text, Bytes("url"), visit) }
            // What tools were given is no part of the prompt; what the model is offered was looked
            // at.
            if !Self.isElsewhere(key, depth) { fetched(member, depth + 1, visit) }
        }
    }

    /// The content itself may stand in the place of its address (RFC 2397).
    private mutating func fetched(
        _ url: Bytes, _ key: Bytes, _ visit: (ArgumentDestinations.Found) -> Void
    ) {
        guard !url.isEmpty, !(url.count >= 5 && url[0..<5].equalsIgnoringCase("data:")) else {
            return
        }
        look(in: url, key, visit)
    }

    private static func namesFetched(_ key: Value) -> Bool {
        key.equals("image_url") || key.equals("file_url") || key.equals("video_url")
            || key.equals("audio_url") || key.equals("fileUri") || key.equals("file_uri")
    }

    private static func isElsewhere(_ key: Value, _ depth: Int) -> Bool {
        if depth == 0 { return key.equals("tools") || key.equals("mcp_servers") }
        return key.equals("input") || key.equals("args") || key.equals("arguments")
    }

    // MARK: Hosts

    /// A host under a key that names one: what has no dot, no port and is no address may be any
    /// word.
    ///
    /// - Returns: true when there was one.
    private mutating func bareHost(
        _ text: Bytes, _ key: Bytes, _ visit: (ArgumentDestinations.Found) -> Void
    ) -> Bool {
        let authority = Self.authority(text, from: 0)
        guard !authority.isEmpty, text.firstIndex(of: 0x20) == nil else { return false }
        let isHost =
            authority.firstIndex(of: UInt8(ascii: ".")) != nil
            || authority.firstIndex(of: UInt8(ascii: ":")) != nil
            || authority.equalsIgnoringCase("localhost") || key.endsIgnoringCase("host")
        if isHost { emitAuthority(text, from: 0, .empty, key, visit) }
        return isHost
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
