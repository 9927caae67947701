// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A request that is under way, and for whose outcome other decisions may wait.
final class HTTPFlight: @unchecked Sendable {
    enum Outcome: Sendable {
        /// The cache has the response, unless it may not be kept.
        case done
        case failed(HTTPSendFailure)
        /// The leader's own decision ended; nothing is known of the response.
        case abandoned
    }

    // Guarded by `mutex`; both need a fixed address.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var outcome: Outcome?

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func land(_ outcome: Outcome) {
        pthread_mutex_lock(mutex)
        self.outcome = outcome
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    /// nil when the patience ends first.
    func wait(_ patience: Patience) -> Outcome? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while outcome == nil {
            let left = patience.left
            guard left > 0 else { return nil }
            let end = MonotonicClock.now() + min(left, Limits.cancellationInterval)
            var time = timespec(
                tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
            pthread_cond_timedwait(condition, mutex, &time)
        }
        return outcome
    }
}
