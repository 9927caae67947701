// SPDX-License-Identifier: Apache-2.0
import PDP

extension Configuration {
    /// What happens when a person must approve a request.
    struct Approvals {
        /// `approvals.lifetime`: from the request of an approval to its end, granted or not.
        var lifetime: Int64 = 3600 * second
        /// `approvals.hold`: how long a check waits for the person before it is refused, within
        /// its own deadline. 0 refuses at once. Danger: a held check keeps the agent's connection.
        var hold: Int64 = 0
        /// `approvals.contact`: where to ask, told to the client that is refused: an address, a
        /// command. Default: nothing.
        var contact = ""

        var settings: ApprovalDesk.Settings {
            var settings = ApprovalDesk.Settings()
            settings.lifetime = lifetime / second
            settings.contact = contact
            return settings
        }
    }

    /// What happens to an allow that is not certain enough.
    struct Deferral {
        /// `deferral.confidence`: an allow is deferred when its policy answers with a `confidence`
        /// (0 to 100) below this. 0 leaves that to policies.
        var confidence = 0
        /// `deferral.retry_after`: when the client is told to come again.
        var retryAfter: Int64 = 5 * second
        /// `deferral.timeout`: how long the same action is deferred before it is denied for good.
        var timeout: Int64 = 300 * second

        var settings: DeferralSettings {
            var settings = DeferralSettings()
            settings.confidence = confidence
            settings.retrySeconds = Int(retryAfter / second)
            settings.timeoutSeconds = timeout / second
            return settings
        }
    }
}

private let second: Int64 = 1_000_000_000

extension Configuration.Approvals {
    mutating func read(_ section: Section) {
        lifetime = section.duration("lifetime", lifetime, in: second...30 * 24 * 3600 * second)
        hold = section.duration("hold", hold, in: 0...60 * second)
        contact = section.text("contact", contact)
    }
}

extension Configuration.Deferral {
    mutating func read(_ section: Section) {
        confidence = section.integer("confidence", confidence, in: 0...100)
        retryAfter = section.duration("retry_after", retryAfter, in: second...3600 * second)
        timeout = section.duration("timeout", timeout, in: second...24 * 3600 * second)
    }
}
