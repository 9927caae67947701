// SPDX-License-Identifier: Apache-2.0

/// Restrictions that hold, so that one which is renewed by each request of an agent is reported
/// once. What is forgotten here is reported again, which does no harm.
///
/// All moments are those of the records, so that reading them again gives the same.
struct ActiveRestrictions {
    private struct Key: Hashable {
        var agent: String
        var restriction: String
    }

    /// When each ends, in nanoseconds since 1970.
    private var ends: [Key: Int64] = [:]

    /// - Parameter now: when the restriction started, as its record says; nanoseconds since 1970.
    /// - Returns: true when it did not hold before.
    mutating func start(_ incident: Incident, now: Int64) -> Bool {
        let key = Key(agent: incident.agent, restriction: incident.restriction)
        let lasting = incident.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let sum = now.addingReportingOverflow(lasting.partialValue)
        let end = lasting.overflow || sum.overflow ? Int64.max : sum.partialValue
        if let known = ends[key], known > now {
            ends[key] = max(known, end)
            return false
        }
        if ends.count >= Limits.rememberedRestrictions { forget(now) }
        ends[key] = end
        return true
    }

    mutating func release(agent: String, restriction: String?) {
        if let restriction {
            ends[Key(agent: agent, restriction: restriction)] = nil
        } else {
            ends = ends.filter { $0.key.agent != agent }
        }
    }

    private mutating func forget(_ now: Int64) {
        ends = ends.filter { $0.value > now }
        if ends.count >= Limits.rememberedRestrictions { ends.removeAll(keepingCapacity: true) }
    }
}
