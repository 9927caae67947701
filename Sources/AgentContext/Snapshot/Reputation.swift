// SPDX-License-Identifier: Apache-2.0

/// `input.context.reputation`: 0 to 100, from nothing but the agent's own context.
///
/// An agent that nobody knows has 50. A day of age gives 1, up to 20; requests that were allowed
/// give up to 20 (2 for each doubling of their number). Each denial of the last hour takes 4, up
/// to 40; the share of denials among all requests takes up to 20; the heaviest signal takes half
/// of its severity times its confidence; a restriction that holds takes 20.
extension AgentSnapshot {
    var reputation: Int {
        var score = 50
        if isKnown {
            let state = content.pointee.state
            let days = (content.pointee.now - state.firstSeen) / (86_400 * 1_000_000_000)
            score += Int(min(max(days, 0), 20))
            let allowed = state.total - min(state.total, state.denied)
            score += min(20, 2 * (UInt64.bitWidth - (allowed + 1).leadingZeroBitCount - 1))
            score -= min(40, 4 * state.denials.perHour(content.pointee.now))
            score -= Int(20 * min(state.denied, state.total) / max(1, state.total))
        }
        score -= heaviestSignal / 200
        if hasRestrictions { score -= 20 }
        return min(max(score, 0), 100)
    }

    /// Severity times confidence, 0 to 10,000.
    private var heaviestSignal: Int {
        var heaviest = 0
        forEachMark(.signal) { mark in
            guard mark.session == 0 || mark.session == session || isForPeople else { return }
            heaviest = max(heaviest, mark.strength)
        }
        return heaviest
    }
}
