// SPDX-License-Identifier: Apache-2.0

/// The sessions of one agent that were used last. One that was pushed out counts as new again.
struct SessionTable {
    struct Session {
        /// Low bits of the session's hash; 0 for an unused place.
        var hash: UInt32 = 0
        /// Seconds since 1970.
        var firstSeen: UInt32 = 0
        var lastSeen: UInt32 = 0
        var requests: UInt32 = 0
        var denials: UInt32 = 0
    }

    private var sessions = InlineArray<4, Session>(repeating: Session())

    func find(_ hash: UInt32) -> Session? {
        for index in 0..<Limits.sessions where sessions[index].hash == hash {
            return sessions[index]
        }
        return nil
    }

    /// - Parameter hash: not 0.
    mutating func add(_ hash: UInt32, at second: UInt32, isAllowed: Bool) {
        var place = 0
        for index in 0..<Limits.sessions {
            if sessions[index].hash == hash {
                place = index
                break
            }
            if sessions[index].lastSeen < sessions[place].lastSeen { place = index }
        }
        if sessions[place].hash != hash {
            sessions[place] = Session(hash: hash, firstSeen: second)
        }
        sessions[place].lastSeen = max(sessions[place].lastSeen, second)
        if sessions[place].requests < .max { sessions[place].requests += 1 }
        if !isAllowed, sessions[place].denials < .max { sessions[place].denials += 1 }
    }
}

/// Actions of one agent that were deferred, with the moment of the first time.
struct DeferralTable {
    private var hashes = InlineArray<4, UInt32>(repeating: 0)
    /// Seconds since 1970; 0 for an unused place.
    private var seconds = InlineArray<4, UInt32>(repeating: 0)

    /// When the action was deferred first, in seconds since 1970.
    func first(_ hash: UInt32, at second: UInt32) -> UInt32? {
        for index in 0..<Limits.deferrals
        where hashes[index] == hash && seconds[index] > 0 && !isOver(index, second) {
            return seconds[index]
        }
        return nil
    }

    mutating func add(_ hash: UInt32, at second: UInt32) {
        guard first(hash, at: second) == nil else { return }
        var place = 0
        for index in 0..<Limits.deferrals where seconds[index] < seconds[place] { place = index }
        hashes[place] = hash
        seconds[place] = max(1, second)
    }

    private func isOver(_ index: Int, _ second: UInt32) -> Bool {
        second > seconds[index] && second - seconds[index] > Limits.deferralSeconds
    }
}
