// SPDX-License-Identifier: Apache-2.0

/// What the compiler knows of `input`.
public struct InputSchema: Sendable {
    let type: RegoType

    /// Nothing.
    public static let any = InputSchema(type: .any)

    /// The document that is made of a CheckRequest: OPA-Envoy's, with protobuf's JSON names, and
    /// what Portcullis adds (`agent`, `action`, `prompt`, `context`, `threat`).
    ///
    /// At the top other keys are allowed, unless they look like a known one that is misspelt.
    public static let check = InputSchema(type: TypeReader.type(document))

    private static let document = """
        object<attributes: \(attributes), parsed_path: array[string], parsed_query:
        object[string: array[string]], parsed_body: any, truncated_body: boolean, version:
        object<encoding: string, ext_authz: string>, source_principal: string, agent: \(agent),
        action: \(action), prompt: \(prompt), context: \(context), threat: \(threat), ...>
        """

    private static let attributes = """
        object<source: \(peer), destination: \(peer), request: object<time: \(time), http:
        \(http)>, contextExtensions: object[string: string], metadataContext: \(metadata),
        routeMetadataContext: \(metadata), tlsSession: object<sni: string>>
        """

    private static let peer = """
        object<address: \(address), service: string, labels: object[string: string], principal:
        string, certificate: string>
        """

    private static let address = """
        object<socketAddress: object<protocol: any, address: string, portValue: number,
        namedPort: string, resolverName: string, ipv4Compat: boolean, networkNamespaceFilepath:
        string>, pipe: object<path: string, mode: number>, envoyInternalAddress:
        object<serverListenerName: string, endpointId: string>>
        """

    private static let time = "any<string, object<seconds: number, nanos: number>>"

    private static let http = """
        object<id: string, method: string, headers: object[string: string], path: string, host:
        string, scheme: string, query: string, fragment: string, size: any<number, string>,
        protocol: string, body: string, rawBody: string, headerMap: object<headers:
        array[object<key: string, value: string, rawValue: string>]>>
        """

    private static let metadata =
        "object<filterMetadata: object[string: any], typedFilterMetadata: object[string: any]>"

    private static let agent = """
        object<id: string, provenance: string, spiffe: object<trust_domain: string, path:
        string>, session: string, session_provenance: string, human: object<id: string,
        provenance: string, name: string>, service: object<id: string, provenance: string>,
        delegation: array[object<id: string, provenance: string, role: string, issuer: string>],
        token: object<provenance: string, claims: any>, scopes: any>
        """

    private static let action = """
        object<protocol: string, operation: string, tool: string, arguments: any, resource:
        string, model: string, effect: string, certain: boolean, doubts: array[string],
        destination: object<host: string, port: number, internal: boolean, first_seen: boolean>,
        destinations: array[object<host: string, port: number, internal: boolean, scheme: string,
        argument: string>], conversation: string, tools: array[string], tool_results:
        array[object<name: string, text: string>], batch: array[object[string: any]]>
        """

    private static let prompt = """
        object<hash: string, text: string, truncated: boolean, confidence:
        object<value: number, provenance: string>, documents: array[object<source: string, tool:
        string, arguments: any, reference: string, hash: string, bytes: number>]>
        """

    private static let threat = """
        object<matches: \(matches), severity: number, truncated: boolean, destination: \(matches),
        url: \(matches), arguments: \(matches), prompt: \(matches), documents: \(matches), body:
        \(matches)>
        """

    private static let matches = """
        array[object<in: string, kind: string, value: string, list: string, id: string, category:
        string, severity: number>]
        """

    private static let context = """
        object<known: boolean, first_seen: number, last_seen: number, counts: object[string:
        number], denials: object[string: number], events: array[object[string: any]], labels:
        object[string: any], restrictions: object[string: any], reputation: number, approvals:
        \(approvals), profile: \(profile), signals: array[\(signal)], session: \(session),
        lineage: object<prompts: array[\(link)], documents: array[\(link)]>>
        """

    private static let link =
        "object<digest: string, source: string, time: number, same_session: boolean>"

    private static let approvals = """
        object<requested: number, granted: number, denied: number, used: number, items:
        array[object<id: string, state: string, digest: string, summary: string, requested:
        number, expires: number>]>
        """

    private static let profile = """
        object<requests: number, settled: boolean, tool: number, destination: number, effect:
        number, unusual: number>
        """

    private static let signal = """
        object<kind: string, severity: number, confidence: number, scope: string, since: number,
        expires: number, cause: string>
        """

    private static let session = """
        object<known: boolean, requests: number, denials: number, first_seen: number, last_seen:
        number>
        """
}
