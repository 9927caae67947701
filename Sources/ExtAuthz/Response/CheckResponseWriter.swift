// SPDX-License-Identifier: Apache-2.0
import Authorization

/// Writes `envoy.service.auth.v3.CheckResponse`: the one place where answers to Envoy are made.
///
/// Envoy takes an absent status for "allowed", even beside a denial, so the status is the first
/// thing written, whatever the decision. One instance belongs to one event loop.
public final class CheckResponseWriter {
    /// `google.rpc.Code` values.
    private enum RPCCode {
        static let permissionDenied: UInt64 = 7
        static let `internal`: UInt64 = 13
    }

    private var writer: WireWriter

    /// - Parameter capacity: bytes to start with; the buffer grows to what answers need.
    public init(capacity: Int = 4096) {
        writer = WireWriter(capacity: capacity)
    }

    /// The encoded answer, valid until the next call and while the writer lives.
    ///
    /// `MutationRules` apply: a decision that breaks one is changed here.
    public func encode(_ decision: Decision) -> Bytes {
        let content = decision.content
        MutationRules.settle(&content.pointee)
        Self.write(&content.pointee, to: &writer)
        if writer.count > Limits.responseBytes {
            MutationRules.fail(&content.pointee, .tooLarge, .empty)
            Self.write(&content.pointee, to: &writer)
        }
        return writer.bytes
    }

    /// - Parameter decision: not changed; `inout` because passing it on by value would count a
    ///   reference to each of its tables.
    private static func write(_ decision: inout Decision.Content, to writer: inout WireWriter) {
        writer.removeAll()
        let status = writer.open(1)
        if decision.isError {
            writer.field(1, varint: RPCCode.internal)
        } else if !decision.isAllowed {
            writer.field(1, varint: RPCCode.permissionDenied)
        }
        writer.close(status)

        if decision.isError {
            writeDenial(&decision, field: 5, defaultStatus: 503, to: &writer)
        } else if decision.isAllowed {
            OKResponse.write(&decision, to: &writer)
        } else {
            writeDenial(&decision, field: 2, defaultStatus: 403, to: &writer)
        }
        writeMetadata(&decision, to: &writer)
    }

    /// `DeniedHttpResponse`: headers go one by one with `append` unset, so that a name may repeat
    /// (`append` true would make Envoy leave the header out).
    private static func writeDenial(
        _ decision: inout Decision.Content, field: UInt32, defaultStatus: Int,
        to writer: inout WireWriter
    ) {
        let denial = writer.open(field)
        let range = Limits.httpStatus
        let wanted = decision.httpStatus ?? defaultStatus
        let status = writer.open(1)
        writer.field(1, varint: UInt64(min(max(wanted, range.lowerBound), range.upperBound)))
        writer.close(status)
        for header in decision.headers where !header.value.isEmpty {
            let option = writer.open(2)
            HeaderOption.write(header, to: &writer)
            writer.close(option)
        }
        if !decision.body.isEmpty { writer.field(3, bytes: decision.body) }
        writer.close(denial)
    }

    /// The policy's metadata, and last, so that it wins, the decision's id.
    private static func writeMetadata(
        _ decision: inout Decision.Content, to writer: inout WireWriter
    ) {
        let metadata = writer.open(4)
        writer.append(decision.dynamicMetadata)
        let entry = writer.open(1)
        writer.field(1, bytes: Bytes("decision_id"))
        let value = writer.open(2)
        writer.field(3, decisionID: decision.id)
        writer.close(value)
        writer.close(entry)
        writer.close(metadata)
    }
}
