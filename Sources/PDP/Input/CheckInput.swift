// SPDX-License-Identifier: Apache-2.0
import Authorization
import Inspection
import RegoVM

/// A part of `input` that Portcullis adds to OPA-Envoy's document, such as `input.agent`.
///
/// A class and no protocol: it can be asked without counting a reference.
open class InputSection {
    /// Its key in `input`.
    public let name: String

    public init(name: String) { self.name = name }

    /// Its value for the current Check; asked for at most once in each.
    open func value(in arena: Arena) -> Value { .undefined }
    /// The value under one key of it, for policies that read no more; asked for at most once.
    open func value(of key: Value, in arena: Arena) -> Value { .undefined }

    /// Stands for a key that the section does not know.
    public static let nowhere = -1

    /// A number by which the section is asked for a key from then on, so that it compares no names
    /// in a Check; nil where it wants the key itself.
    open func place(of key: Value) -> Int? { nil }
    /// The value under the key of a number, for policies that read no more; asked for at most once.
    open func value(at place: Int, in arena: Arena) -> Value { .undefined }
}

/// The `input` of one Check, in OPA-Envoy's shape, read from the request as the policy asks.
///
/// A policy that reads a header and the path never pays for the rest: each part is made when it is
/// first asked for, and once. What cannot be read is `.undefined` and sets `failure`; whoever
/// evaluates looks at `failure` before believing the result. One instance belongs to one event
/// loop.
public final class CheckInput: InputDocument {
    /// The first thing that a policy asked for and that could not be read.
    public private(set) var failure: InputFailure?
    /// False reads a repeated key in a JSON body as OPA does: the last one counts.
    public let rejectsDuplicateKeys: Bool

    private let sections: [InputSection]
    /// The same, not counted.
    private let asked: UnsafeMutableBufferPointer<Unmanaged<InputSection>>
    private var attributes: UnsafePointer<AttributeContext.Attributes>
    private let empty = AttributeContext()
    private var binding: InputBinding?
    /// That of `binding`.
    private var bound = InputBinding.Tables()
    /// `bound.nodes`, with keys of sections by their places.
    private var nodes = UnsafeMutableBufferPointer<InputNode>(start: nil, count: 0)
    /// What has been made of `bound.nodes`; valid where `knownIn` is `round`.
    private var known: UnsafeMutablePointer<Value>
    private var knownIn: UnsafeMutablePointer<UInt64>
    private var capacity = 0
    /// Counts checks, so that forgetting the last one costs nothing.
    private var round: UInt64 = 0
    private var body: BodyParser.Result?
    /// nil as long as nobody asked for it.
    private var requestBody: RequestBody?

    public init(sections: [InputSection] = [], rejectsDuplicateKeys: Bool = true) {
        self.sections = sections
        asked = .allocate(capacity: sections.count)
        _ = asked.initialize(from: sections.map { .passUnretained($0) })
        self.rejectsDuplicateKeys = rejectsDuplicateKeys
        attributes = UnsafePointer(empty.attributes)
        known = .allocate(capacity: 0)
        knownIn = .allocate(capacity: 0)
    }

    deinit {
        freeNodes()
        asked.deallocate()
        known.deallocate()
        knownIn.deallocate()
    }

    override public var isDefined: Bool { true }

    /// Serves another policy from the next Check on.
    public func bind(_ binding: InputBinding) {
        self.binding = binding
        bound = binding.tables
        freeNodes()
        nodes = .allocate(capacity: bound.nodes.count)
        _ = nodes.initialize(from: bound.nodes.map(placed))
    }

    private func freeNodes() {
        nodes.deinitialize()
        nodes.deallocate()
    }

    private func placed(_ node: InputNode) -> InputNode {
        guard case .sectionKey(let index, let key) = node, index < sections.count,
            let place = sections[index].place(of: key)
        else { return node }
        return .sectionPlace(index, place)
    }

    /// Turns to another Check. `context` and its message must stay as they are until the decision
    /// is done. The policy that will be evaluated is the one that was bound.
    public func begin(_ context: AttributeContext) {
        attributes = UnsafePointer(context.attributes)
        failure = nil
        body = nil
        requestBody = nil
        round += 1
        if bound.nodes.count > capacity { grow(to: bound.nodes.count) }
    }

    private func grow(to count: Int) {
        known.deallocate()
        knownIn.deallocate()
        known = .allocate(capacity: count)
        known.initialize(repeating: .undefined, count: count)
        knownIn = .allocate(capacity: count)
        knownIn.initialize(repeating: 0, count: count)
        capacity = count
    }

    /// The request's body as JSON: read at most once, for the policy and whoever else asks.
    public func bodyReading(in arena: Arena) -> BodyReading {
        if requestBody == nil { requestBody = RequestBody(attributes) }
        return requestBody?.json(arena) ?? .absent
    }

    /// True when there is dynamic metadata under `name`, whether or not it can be read.
    func hasMetadata(_ name: Bytes) -> Bool {
        AttributeContext.last(name, in: attributes.pointee.metadata.filter) != nil
    }

    /// The dynamic metadata under `name`; `.undefined` when there is none, or none that can be
    /// read.
    public func metadata(_ name: Bytes, in arena: Arena) -> Value {
        (try? namespace(name, attributes.pointee.metadata, arena)) ?? .undefined
    }

    override public func value(at index: Int, of paths: InputPaths, in arena: Arena) -> Value {
        guard paths == bound.paths else {
            // Not the policy that was bound: the long way, same answer.
            return whole(in: arena).value(at: index, of: paths)
        }
        return value(of: bound.fields[index], in: arena)
    }

    /// The value of a bound path.
    func value(at index: Int, in arena: Arena) -> Value {
        guard bound.fields.indices.contains(index) else { return .undefined }
        return value(of: bound.fields[index], in: arena)
    }

    private func value(of field: InputField, in arena: Arena) -> Value {
        let part: Value
        if knownIn[field.node] == round {
            part = known[field.node]
        } else {
            part = make(nodes[field.node], arena)
            known[field.node] = part
            knownIn[field.node] = round
        }
        return field.rest.isEmpty ? part : Self.follow(field.rest, from: part)
    }

    /// By itself, so that the many paths without further steps do not pay for its registers.
    @inline(never)
    private static func follow(_ steps: UnsafeBufferPointer<Value>, from part: Value) -> Value {
        var value = part
        for step in steps {
            value = value[step]
            if value.isUndefined { break }
        }
        return value
    }

    /// Calls `body` with each part that this Check was asked for so far.
    func forEachRead(_ body: (InputNode) -> Void) {
        for index in bound.nodes.indices where knownIn[index] == round { body(bound.nodes[index]) }
    }

    override public func whole(in arena: Arena) -> Value {
        let object = CollectionBuilder.object(in: arena, capacity: 8 + sections.count)
        object.add("attributes", make(.attributes, arena))
        object.add("parsed_path", make(.parsedPath, arena))
        object.add("parsed_query", make(.parsedQuery, arena))
        object.add("parsed_body", make(.parsedBody, arena))
        object.add("truncated_body", make(.truncatedBody, arena))
        object.add("version", make(.version, arena))
        object.add("source_principal", make(.sourcePrincipal, arena))
        for section in sections {
            let value = section.value(in: arena)
            if value.isDefined { object.update(arena.string(section.name), value) }
        }
        return object.finish()
    }

    private func value(at place: Int, ofSection index: Int, _ arena: Arena) -> Value {
        asked[index]._withUnsafeGuaranteedRef { $0.value(at: place, in: arena) }
    }

    private func make(_ node: InputNode, _ arena: Arena) -> Value {
        // Most of what policies read, which needs no look at the other parts.
        if case .sectionPlace(let index, let place) = node {
            return value(at: place, ofSection: index, arena)
        }
        do {
            return try read(node, arena)
        } catch {
            if failure == nil { failure = error }
            return .undefined
        }
    }

    private func read(_ node: InputNode, _ arena: Arena) throws(InputFailure) -> Value {
        // Made only where it is used: it counts a reference to the arena.
        var document: AttributesDocument {
            AttributesDocument(attributes: attributes, arena: arena)
        }
        switch node {
        case .whole: return whole(in: arena)
        case .attributes: return try document.whole()
        case .source: return document.source()
        case .destination: return document.destination()
        case .sourcePrincipal: return text(attributes.pointee.source.principal)
        case .request: return document.request()
        case .time: return attributes.pointee.request?.time.map(document.time) ?? .undefined
        case .http: return document.http()
        case .httpText(let field): return text(httpText(field))
        case .size:
            return http.size == 0 ? .undefined : .integer(http.size)
        case .rawBody:
            return http.rawBody.isEmpty ? .undefined : .base64(http.rawBody, in: arena)
        case .headers: return document.headers()
        case .header(let name): return header(name)
        case .headerMap: return document.headerMap()
        case .contextExtensions: return document.pairs(attributes.pointee.contextExtensions)
        case .contextExtension(let key): return last(key, attributes.pointee.contextExtensions)
        case .metadata: return try document.metadata(attributes.pointee.metadata)
        case .namespace(let name): return try namespace(name, attributes.pointee.metadata, arena)
        case .routeMetadata: return try document.metadata(attributes.pointee.routeMetadata)
        case .routeNamespace(let name):
            return try namespace(name, attributes.pointee.routeMetadata, arena)
        case .tlsSession: return document.tlsSession()
        case .parsedPath: return try TargetParser.path(target, in: arena)
        case .parsedQuery: return try TargetParser.query(target, in: arena)
        case .parsedBody: return try parsedBody(arena).value
        case .truncatedBody: return .boolean(try parsedBody(arena).isTruncated)
        case .version: return Self.version(arena)
        case .section(let index):
            guard index < asked.count else { return .undefined }
            return asked[index]._withUnsafeGuaranteedRef { $0.value(in: arena) }
        case .sectionKey(let index, let key):
            guard index < asked.count else { return .undefined }
            return asked[index]._withUnsafeGuaranteedRef { $0.value(of: key, in: arena) }
        case .sectionPlace(let index, let place): return value(at: place, ofSection: index, arena)
        case .nothing: return .undefined
        }
    }

    /// Read where it lies, because it is large.
    private var http: AttributeContext.HTTPRequest {
        @inline(__always) get { attributes.pointee.httpRequest }
    }

    private var target: Bytes { http.path }

    private func httpText(_ field: InputNode.HTTPText) -> Bytes {
        switch field {
        case .id: return http.id
        case .method: return http.method
        case .path: return http.path
        case .host: return http.host
        case .scheme: return http.scheme
        case .query: return http.query
        case .fragment: return http.fragment
        case .protocol: return http.protocol
        case .body: return http.body
        }
    }

    /// A text field: proto3 has no empty one.
    private func text(_ bytes: Bytes) -> Value { bytes.isEmpty ? .undefined : .checked(bytes) }

    private func header(_ name: Bytes) -> Value {
        guard !attributes.pointee.hasHeaderMap else { return .undefined }
        return attributes.pointee.headers.last { $0.name == name }.map { .checked($0.value) }
            ?? .undefined
    }

    private func last(_ key: Bytes, _ table: Table<AttributeContext.StringPair>) -> Value {
        AttributeContext.last(key, in: table).map(Value.checked) ?? .undefined
    }

    private func namespace(
        _ name: Bytes, _ metadata: AttributeContext.Metadata, _ arena: Arena
    ) throws(InputFailure) -> Value {
        guard let encoded = AttributeContext.last(name, in: metadata.filter) else {
            return .undefined
        }
        return try StructDocument.structure(encoded, in: arena)
    }

    private func parsedBody(_ arena: Arena) throws(InputFailure) -> BodyParser.Result {
        if let body { return body }
        let parser = BodyParser(
            attributes: attributes, arena: arena, rejectsDuplicateKeys: rejectsDuplicateKeys,
            readBody: { self.bodyReading(in: arena) })
        let result = try parser.parse()
        body = result
        return result
    }

    private static func version(_ arena: Arena) -> Value {
        let object = CollectionBuilder.object(in: arena, capacity: 2)
        object.add("encoding", .string("protojson"))
        object.add("ext_authz", .string("v3"))
        return object.finish()
    }
}
