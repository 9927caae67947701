// SPDX-License-Identifier: Apache-2.0
import Authorization
import RegoVM

/// Tells what a request does from its method, path, headers and body.
///
/// The classification never trusts a header alone where the body decides: a header can only add a
/// doubt. An instance is immutable, serves all threads, and outlives the facts that it gives.
public struct Inspector: Sendable {
    private let internalDestinations: InternalDestinations

    /// `portcullis.protocol` in a route's `context_extensions`: the one protocol that the route
    /// carries, in the words of `input.action.protocol`. Attested by Envoy's configuration.
    public static let protocolExtension: StaticString = "portcullis.protocol"

    public init(internalDestinations: InternalDestinations) {
        self.internalDestinations = internalDestinations
    }

    /// - Parameters:
    ///   - arena: for what must be spelled differently than it came: host, path.
    ///   - readMetadata: reads the dynamic metadata of a namespace; called only for a request whose
    ///     body Envoy did not send.
    ///   - readBody: reads the body as JSON; called at most once, and only for a request whose body
    ///     may be JSON.
    public func inspect(
        _ context: AttributeContext, arena: Arena, readMetadata: (Bytes) -> Value,
        readBody: () -> BodyReading
    ) -> ActionFacts {
        guard context.attributes.pointee.hasHTTP else {
            var facts = ActionFacts()
            facts.doubts = .noRequest
            return facts
        }
        let path = RequestPath(
            target: context.attributes.pointee.httpRequest.path, arena: arena)
        var inspection = Inspection(
            context, path: path, body: RequestBody(context), arena: arena)
        inspection.facts.resource = path.text
        inspection.facts.internalDestinations = internalDestinations
        inspection.facts.arena = arena
        if path.isAmbiguous { inspection.facts.doubts.insert(.ambiguousPath) }
        findDestination(inspection.http.host, arena, &inspection.facts)
        inspection.classify(readBody, readMetadata)
        return inspection.facts
    }

    /// The same by the body alone.
    public func inspect(_ context: AttributeContext, arena: Arena) -> ActionFacts {
        var body = RequestBody(context)
        return inspect(context, arena: arena, readMetadata: { _ in .undefined }) {
            body.json(arena)
        }
    }

    private func findDestination(_ authority: Bytes, _ arena: Arena, _ facts: inout ActionFacts) {
        guard !authority.isEmpty else { return }
        guard let destination = Destination(authority: authority, arena: arena) else {
            facts.doubts.insert(.malformedHost)
            return
        }
        facts.destination = destination
        facts.destination.isInternal = internalDestinations.contains(destination.host)
    }
}
