// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform
import RegoVM
import Synchronization

/// Asks the system's resolver on threads of its own: it cannot be told to stop, so a caller whose
/// patience ends leaves it behind.
final class Resolver: Sendable {
    private let lookups = Atomic<Int>(0)

    func addresses(of host: String, _ patience: Patience) throws(NetworkFailure) -> [String] {
        guard lookups.add(1, ordering: .relaxed).newValue <= ClientLimits.lookups else {
            lookups.subtract(1, ordering: .relaxed)
            throw .failed("too many lookups are under way")
        }
        let lookup = Lookup()
        do throws(SystemError) {
            let thread = try SystemThread.start(name: "lookup") { [self] in
                lookup.finish(Self.resolve(host))
                lookups.subtract(1, ordering: .relaxed)
            }
            thread.detach()
        } catch {
            lookups.subtract(1, ordering: .relaxed)
            throw .failed(error.description)
        }
        guard let outcome = lookup.wait(patience) else { throw .timedOut }
        return try outcome.get()
    }

    private static func resolve(_ host: String) -> Result<[String], NetworkFailure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            let isMissing = status == EAI_NONAME
            return .failure(
                .failed(isMissing ? "no such host" : String(cString: gai_strerror(status))))
        }
        defer { freeaddrinfo(list) }
        var result: [String] = []
        var entry = list
        while let current = entry {
            if let text = text(current.pointee) { result.append(text) }
            entry = current.pointee.ai_next
        }
        return .success(result)
    }

    private static func text(_ entry: addrinfo) -> String? {
        guard let address = entry.ai_addr else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let status = getnameinfo(
            address, entry.ai_addrlen, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
        guard status == 0 else { return nil }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// One lookup, and who waits for it.
private final class Lookup: @unchecked Sendable {
    typealias Outcome = Result<[String], NetworkFailure>

    private let outcome = Mutex<Outcome?>(nil)
    // It needs a fixed address.
    private let done = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(done, 0, 0) }

    deinit {
        sem_destroy(done)
        done.deallocate()
    }

    func finish(_ outcome: Outcome) {
        self.outcome.withLock { $0 = outcome }
        sem_post(done)
    }

    /// nil when the patience ends first.
    func wait(_ patience: Patience) -> Outcome? {
        while patience.left > 0 {
            let pause = min(patience.left, Limits.cancellationInterval)
            var end = timespec()
            clock_gettime(CLOCK_REALTIME, &end)
            let nanoseconds = end.tv_nsec + Int(pause)
            end.tv_sec += nanoseconds / 1_000_000_000
            end.tv_nsec = nanoseconds % 1_000_000_000
            if sem_timedwait(done, &end) == 0 { return outcome.withLock { $0 } }
        }
        return nil
    }
}
