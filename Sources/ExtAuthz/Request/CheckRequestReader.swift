// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Reads a serialized `envoy.service.auth.v3.CheckRequest` in place.
///
/// It follows protobuf's rules (unknown fields skipped, the last scalar wins, embedded messages
/// merge) and is stricter where the rules leave two readings: a known field of another wire type,
/// a group, headers in both forms are errors. Nothing is copied and, once the tables of the
/// context have grown, nothing is allocated.
public enum CheckRequestReader {
    /// Fills `context`, whose slices then point into `message`.
    ///
    /// On error the context is empty: half a request is never decided upon.
    public static func read(
        _ message: UnsafeRawBufferPointer, into context: AttributeContext
    ) throws(CheckRequestError) {
        context.reset()
        let bytes = Bytes(message)
        do {
            try readCheckRequest(WireReader(bytes), into: &context.attributes.pointee)
        } catch {
            context.reset()
            throw error
        }
        context.message = bytes
    }

    private static func readCheckRequest(
        _ reader: WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            if field == 1 {
                context.isPresent = true
                try readAttributes(reader.message(), into: &context)
            } else {
                try reader.skip()
            }
        }
    }

    private static func readAttributes(
        _ reader: WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case 1:
                try PeerReader.read(reader.message(), into: &context.source, &context.sourceLabels)
            case 2:
                try PeerReader.read(
                    reader.message(), into: &context.destination, &context.destinationLabels)
            case 4: try RequestReader.read(reader.message(), into: &context)
            case 10: try MapReader.readStrings(&reader, into: &context.contextExtensions)
            case 11: try MetadataReader.read(reader.message(), into: &context.metadata)
            case 12: try readSession(reader.message(), into: &context)
            case 13: try MetadataReader.read(reader.message(), into: &context.routeMetadata)
            default: try reader.skip()
            }
        }
    }

    private static func readSession(
        _ reader: WireReader, into context: inout AttributeContext.Attributes
    ) throws(CheckRequestError) {
        var reader = reader
        var session = context.tlsSession ?? AttributeContext.TLSSession()
        while let field = try reader.next() {
            switch field {
            case 1: session.sni = try reader.string()
            default: try reader.skip()
            }
        }
        context.tlsSession = session
    }
}
