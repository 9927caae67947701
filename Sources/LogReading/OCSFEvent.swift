// SPDX-License-Identifier: Apache-2.0
import RegoVM

/// Records as events of the Open Cybersecurity Schema Framework: decisions are API Activity
/// (class 6003) under the security control profile, all else is a base event (class 0).
///
/// What OCSF has no place for is in `unmapped`; `raw_data` is the record as it was signed.
public struct OCSFEvent {
    /// The schema's version.
    public static let version = "1.5.0"

    private let origin: String
    private let productVersion: String

    /// - Parameter origin: the log's name.
    public init(origin: String, productVersion: String) {
        self.origin = origin
        self.productVersion = productVersion
    }

    /// One JSON object without line feeds.
    public func json(_ record: Record) -> [UInt8] {
        var json = EventText()
        json.object {
            if record.isDecision { decision(record, &$0) } else { other(record, &$0) }
        }
        return json.bytes
    }

    private func decision(_ record: Record, _ json: inout EventText) {
        let activity = Activity(record)
        json.number("category_uid", 6)
        json.string("category_name", "Application Activity")
        json.number("class_uid", 6_003)
        json.string("class_name", "API Activity")
        json.number("activity_id", activity.id)
        json.string("activity_name", activity.name)
        json.number("type_uid", 600_300 + activity.id)
        common(record, &json)
        severity(record, &json)
        let isAllowed = record.isAllowed
        json.number("status_id", isAllowed ? 1 : 2)
        json.string("status", isAllowed ? "Success" : "Failure")
        if let code = record.reasons.first { json.value("status_code", code) }
        json.value("status_detail", record.json["answer"]["reasons"].elements.first?["message"])
        json.number("action_id", isAllowed ? 1 : 2)
        json.string("action", isAllowed ? "Allowed" : "Denied")
        json.number("disposition_id", isAllowed ? 1 : 2)
        json.string("disposition", isAllowed ? "Allowed" : "Blocked")
        json.value("risk_score", record.json["answer"]["risk"])
        actor(record, &json)
        api(record, &json)
        endpoints(record, &json)
        request(record, &json)
        policy(record, &json)
        unmapped(record, &json)
    }

    private func other(_ record: Record, _ json: inout EventText) {
        json.number("category_uid", 0)
        json.string("category_name", "Uncategorized")
        json.number("class_uid", 0)
        json.string("class_name", "Base Event")
        json.number("activity_id", 99)
        json.string("activity_name", record.kind)
        json.number("type_uid", 99)
        common(record, &json)
        // A loss of records is for somebody to look at.
        let isLoss = record.kind == "loss"
        json.number("severity_id", isLoss ? 4 : 1)
        json.string("severity", isLoss ? "High" : "Informational")
        unmapped(record, &json)
    }

    private func common(_ record: Record, _ json: inout EventText) {
        let time = Array(record.time.bytes)
        json.number("time", Int((Moment.timestamp(time) ?? 0) / 1_000_000))
        json.object("metadata") {
            $0.string("version", Self.version)
            $0.object("product") {
                $0.string("name", "Portcullis")
                $0.string("vendor_name", "Portcullis")
                $0.string("version", productVersion)
            }
            if record.isDecision { $0.strings("profiles", ["security_control"]) }
            $0.string("log_name", origin)
            $0.string("log_provider", "tlog-tiles")
            $0.number("sequence", record.index)
            $0.value("uid", record.id)
            $0.value("original_time", record.time)
            $0.value("correlation_uid", record.json["agent"]["session"])
        }
        json.raw("raw_data", record.bytes)
    }

    private func severity(_ record: Record, _ json: inout EventText) {
        let level =
            switch record.outcome {
            case "isolate": (5, "Critical")
            case "error": (4, "High")
            case "restrict": (4, "High")
            case "deny": (3, "Medium")
            case "require_approval": (2, "Low")
            default: (1, "Informational")
            }
        json.number("severity_id", level.0)
        json.string("severity", level.1)
    }

    private func actor(_ record: Record, _ json: inout EventText) {
        let agent = record.json["agent"]
        json.object("actor") {
            $0.string("app_uid", record.agent.asString ?? "unknown")
            $0.value("app_name", record.agent)
            if agent["session"].isString {
                $0.object("session") { $0.value("uid", agent["session"]) }
            }
            let human = record.json["principals"]["human"]["id"]
            if human.isString {
                // For whom the application acts.
                $0.object("user") {
                    $0.value("uid", human)
                    $0.number("type_id", 1)
                    $0.string("type", "User")
                }
            } else if agent["id"].isString {
                $0.object("user") {
                    $0.value("uid", agent["id"])
                    $0.number("type_id", 3)
                    $0.string("type", "System")
                }
            }
        }
    }

    private func api(_ record: Record, _ json: inout EventText) {
        let action = record.json["action"]
        let request = record.json["request"]
        json.object("api") {
            let operation = [action["operation"], request["method"]].first { $0.isString }
            $0.string("operation", operation?.asString ?? "unknown")
            $0.object("service") {
                $0.string("name", action["protocol"].asString ?? "unknown")
            }
            $0.object("request") { $0.string("uid", record.id.asString ?? "unknown") }
        }
        guard action["tool"].isString || action["resource"].isString else { return }
        json.array("resources") {
            for (type, value) in [("tool", action["tool"]), ("resource", action["resource"])]
            where value.isString {
                $0.object {
                    $0.string("type", type)
                    $0.value("name", value)
                }
            }
        }
    }

    private func endpoints(_ record: Record, _ json: inout EventText) {
        let source = record.json["source"]
        json.object("src_endpoint") {
            $0.value("ip", source["address"])
            $0.value("port", source["port"])
            $0.string("uid", source["principal"].asString ?? record.agent.asString ?? "unknown")
        }
        let destination = record.json["action"]["destination"]
        guard destination["host"].isString else { return }
        json.object("dst_endpoint") {
            $0.value("hostname", destination["host"])
            $0.value("port", destination["port"])
        }
    }

    private func request(_ record: Record, _ json: inout EventText) {
        let request = record.json["request"]
        guard request.kind == .object else { return }
        json.object("http_request") {
            $0.value("uid", request["id"])
            $0.value("http_method", request["method"])
            $0.object("url") {
                $0.value("hostname", request["host"])
                $0.value("path", request["path"])
            }
        }
    }

    private func policy(_ record: Record, _ json: inout EventText) {
        let policy = record.json["policy"]
        guard policy["entrypoint"].isString else { return }
        json.object("policy") {
            $0.value("name", policy["entrypoint"])
            $0.value("version", policy["revision"])
            $0.number("is_applied", 1, asFlag: true)
        }
    }

    /// The record's parts that OCSF has no place for.
    private func unmapped(_ record: Record, _ json: inout EventText) {
        let mapped: Set<String> = ["time", "source", "request", "policy", "input"]
        json.object("unmapped") {
            for (key, value) in zip(record.json.keys, record.json.values) {
                if let name = key.asString, !mapped.contains(name) { $0.member(name, value) }
            }
        }
    }
}

/// OCSF's activities of an API call.
private struct Activity {
    let id: Int
    let name: String

    init(_ record: Record) {
        let effect = record.json["action"]["effect"]
        if effect.equals("read") || effect.equals("secret") {
            (id, name) = (2, "Read")
        } else if effect.equals("write") {
            (id, name) = (3, "Update")
        } else if effect.equals("unknown") || effect.isUndefined {
            (id, name) = (0, "Unknown")
        } else {
            (id, name) = (99, effect.asString ?? "Other")
        }
    }
}
