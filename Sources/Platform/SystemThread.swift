// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A thread of the operating system. Somebody must join or detach it.
public struct SystemThread: Sendable {
    private let identity: UInt

    /// Starts `body` on a new thread.
    ///
    /// - Parameter name: at most 15 bytes, shown by `ps` and `perf`.
    public static func start(
        name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) -> SystemThread {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(body))
        let failure = pthread_create(&thread, nil, runThread, box.toOpaque())
        if failure != 0 {
            box.release()
            throw SystemError(call: "pthread_create", number: failure)
        }
        linux_name_thread(thread, String(name.prefix(15)))
        return SystemThread(identity: UInt(thread))
    }

    /// Processors that this process may use.
    public static var processors: Int {
        Int(linux_usable_processors())
    }

    /// Nobody will join it: what it holds goes when it ends.
    public func detach() {
        pthread_detach(pthread_t(identity))
    }

    /// Waits until the thread has ended. Only once.
    public func join() {
        pthread_join(pthread_t(identity), nil)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A free function: a closure written inside a @MainActor context would be bound to the main
/// actor and trap on any other thread.
private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
