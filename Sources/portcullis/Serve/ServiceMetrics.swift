// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import HTTP2
import Server
import TLS
import Telemetry

/// What the parts of the program know of themselves, as metrics that are read when they are asked
/// for.
extension MetricRegistry {
    func describeProgram() {
        gauge(
            "portcullis_build_info", "Always 1; the label is the version.",
            labels: [("version", Version.number)]
        ) { 1 }
    }

    func describe(_ log: LocalLog) {
        gauge("portcullis_log_up", "1 while the log takes records.") {
            log.status.failure == nil ? 1 : 0
        }
        gauge("portcullis_log_entries", "Entries in the published checkpoint.") {
            Double(log.status.published)
        }
        gauge("portcullis_log_unpublished_records", "Records taken that no checkpoint covers yet.")
        {
            let status = log.status
            return Double(max(0, status.committed - status.published))
        }
        gauge("portcullis_log_journal_bytes", "Bytes that the journal holds.") {
            Double(log.status.journalBytes)
        }
    }

    func describe(_ agents: AgentStore) {
        gauge("portcullis_agents", "Agents that are remembered.") { Double(agents.count) }
    }

    func describe(_ server: GRPCServer) {
        gauge("portcullis_connections", "Connections of Envoy that are open.") {
            Double(server.statistics.connectionsOpen)
        }
        counter("portcullis_connections_accepted_total", "Connections of Envoy.") {
            server.statistics.connectionsAccepted
        }
        counter(
            "portcullis_connections_refused_total", "Connections closed because of their number."
        ) { server.statistics.connectionsRefused }
        counter("portcullis_calls_total", "Calls that came whole.") { server.statistics.calls }
        for fault in SessionFault.allCases {
            counter(
                "portcullis_connection_faults_total",
                "Connections ended by what their peer sent, by reason.",
                labels: [("reason", fault.rawValue)]
            ) { server.statistics.faults[fault] ?? 0 }
        }
        counter(
            "portcullis_connection_stalls_total", "Connections closed as their peer did not read."
        ) { server.statistics.stalls }
        counter(
            "portcullis_calls_expired_total", "Calls that were not answered, or not whole, in time."
        ) { server.statistics.expired }
    }

    /// TLS of the connections that checks come on.
    func describeHandshakes(_ server: GRPCServer) {
        let name = "portcullis_tls_handshakes_total"
        let help = "TLS handshakes of Envoy: with certificates, or of an earlier session."
        counter(name, help, labels: [("session", "new")]) { server.statistics.handshakes }
        counter(name, help, labels: [("session", "resumed")]) { server.statistics.resumptions }
        for failure in HandshakeFailure.allCases {
            counter(
                "portcullis_tls_handshake_failures_total",
                "TLS handshakes that came to nothing, by reason.",
                labels: [("reason", failure.rawValue)]
            ) { server.statistics.handshakeFailures[failure] ?? 0 }
        }
    }
}
