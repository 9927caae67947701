// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
import HTTP2
import Platform
import TLS

struct ConnectionFlags: OptionSet {
    var rawValue: UInt8
    /// Linked into the list of connections that may have something to write.
    static let dirty = ConnectionFlags(rawValue: 1 << 0)
    /// The socket took no more; nothing is read until it does.
    static let stalled = ConnectionFlags(rawValue: 1 << 1)
    /// Told to go: it is closed when its streams are.
    static let leaving = ConnectionFlags(rawValue: 1 << 2)
    /// All is said; what still comes is thrown away until the peer closes.
    static let lingering = ConnectionFlags(rawValue: 1 << 3)
    /// Its peer was let in by credentials that count no more.
    static let outdated = ConnectionFlags(rawValue: 1 << 4)
    /// It is outdated, and its timer is set for the next step of telling the peer.
    static let dismissed = ConnectionFlags(rawValue: 1 << 5)
}

/// Owned by its loop's thread. Slots are reused and never freed before the loop ends: the kernel
/// may still report an event for a connection that was closed in the same turn.
struct ConnectionState {
    let loop: EventLoop
    var descriptor: Int32 = -1
    /// nil until a TLS handshake is done, and when the connection lingers.
    var session: Session?
    /// nil on connections that are not encrypted.
    var tls: TLSSession?
    var flags: ConnectionFlags = []
    var nextDirty: UnsafeMutablePointer<ConnectionState>?
    var previous: UnsafeMutablePointer<ConnectionState>?
    /// The next of all open connections, or of the free slots.
    var next: UnsafeMutablePointer<ConnectionState>?
    /// Output that the socket did not take: bytes pendingStart..<pendingEnd.
    var pending: PooledBuffer?
    var pendingStart = 0
    var pendingEnd = 0
    /// Monotonic nanoseconds of the last byte that came, and of the last that a stalled socket
    /// took.
    var heard: UInt64 = 0
    var wrote: UInt64 = 0
    var timer: TimerNode
}

/// One accepted connection: a trivial handle to its slot.
struct Connection: Equatable {
    let state: UnsafeMutablePointer<ConnectionState>

    var loop: EventLoop { state.pointee.loop }
    var isOpen: Bool { state.pointee.descriptor >= 0 }

    /// The connection that a stream came on.
    init?(of stream: HTTP2.Stream) {
        guard let owner = stream.session.owner else { return nil }
        state = owner.assumingMemoryBound(to: ConnectionState.self)
    }

    init(state: UnsafeMutablePointer<ConnectionState>) { self.state = state }

    /// Has the loop write what there is to write at the end of this batch.
    func markDirty() {
        if state.pointee.flags.contains(.dirty) { return }
        state.pointee.flags.insert(.dirty)
        state.pointee.nextDirty = loop.state.pointee.dirty
        loop.state.pointee.dirty = state
    }

    // MARK: reading

    /// The kernel reported `events` for the socket.
    func ready(_ events: UInt32) {
        guard isOpen else { return }
        if state.pointee.flags.contains(.lingering) { return discard() }
        if events & UInt32(LINUX_EPOLL_WRITABLE) != 0 { markDirty() }
        let gone = UInt32(LINUX_EPOLL_HANGUP | LINUX_EPOLL_ERROR)
        if state.pointee.flags.contains(.stalled) {
            if events & gone != 0 { close() }
            return
        }
        if events & (UInt32(LINUX_EPOLL_READABLE) | gone) != 0 { read() }
    }

    /// One read a turn: the others get theirs, and the kernel reports again what is left.
    private func read() {
        let input = loop.state.pointee.input
        if let tls = state.pointee.tls, !mayRead(tls) { return }
        let count = linux_receive(state.pointee.descriptor, input, TransportLimits.inputBytes)
        if count == -Int(EAGAIN) { return }
        guard count > 0 else { return close() }
        let now = loop.state.pointee.now
        state.pointee.heard = now
        var bytes = UnsafeRawBufferPointer(start: input, count: count)
        if let tls = state.pointee.tls {
            guard let plaintext = decrypt(bytes, tls) else { return }
            bytes = plaintext
        }
        guard let session = state.pointee.session else { return close() }
        session.receive(bytes, now: now)
        if state.pointee.flags.contains(.outdated) { beginDismissal(session) }
        // Whoever broke the rules gets no more calls served.
        while session.fault == nil, let stream = session.nextReady() { loop.serve(stream) }
        session.settle()
        if let stream = session.unfinishedHead {
            stream.setTimer(deadline: loop.state.pointee.reader.timeout(of: stream, now: now))
        }
        markDirty()
    }

    private func discard() {
        let input = loop.state.pointee.input
        let count = linux_receive(state.pointee.descriptor, input, TransportLimits.inputBytes)
        if count <= 0 && count != -Int(EAGAIN) { close() }
    }

    // MARK: writing

    /// Writes what the session has, as far as the socket takes it.
    func flush() {
        guard isOpen else { return }
        if state.pointee.pending != nil && !flushPending() { return }
        guard let session = state.pointee.session else { return resumeReading() }
        if let tls = state.pointee.tls { return flush(session, tls) }
        let output = loop.state.pointee.output
        while true {
            let count = session.produce(into: output)
            if count == 0 { break }
            guard write(count) else { return }
        }
        resumeReading()
        if session.isOver { linger() }
    }

    /// Sends the first bytes of the loop's output; what the socket does not take is kept.
    ///
    /// - Returns: false when nothing more can be sent now.
    func write(_ count: Int) -> Bool {
        let output = loop.state.pointee.output
        let sent = send(output.baseAddress, count)
        if sent == count { return true }
        if sent < 0 {
            close()
        } else {
            stall(UnsafeRawBufferPointer(rebasing: output[sent..<count]))
        }
        return false
    }

    /// Bytes taken by the socket, or a negative number when it is broken.
    func send(_ start: UnsafeRawPointer?, _ count: Int) -> Int {
        let sent = linux_send(state.pointee.descriptor, start, count)
        return sent == -Int(EAGAIN) ? 0 : sent
    }

    /// True when nothing is pending any more.
    private func flushPending() -> Bool {
        guard let pending = state.pointee.pending else { return true }
        let left = state.pointee.pendingEnd - state.pointee.pendingStart
        let sent = send(pending.start + state.pointee.pendingStart, left)
        if sent < 0 {
            close()
            return false
        }
        if sent > 0 { state.pointee.wrote = loop.state.pointee.now }
        state.pointee.pendingStart += sent
        if sent < left { return false }
        releasePending()
        return true
    }

    private func stall(_ rest: UnsafeRawBufferPointer) {
        let buffer = loop.context.pointee.buffers.take(rest.count)
        buffer.start.copyMemory(
            from: rest.baseAddress.unsafelyUnwrapped, byteCount: rest.count)
        state.pointee.pending = buffer
        state.pointee.pendingStart = 0
        state.pointee.pendingEnd = rest.count
        state.pointee.wrote = loop.state.pointee.now
        if state.pointee.flags.contains(.stalled) { return }
        state.pointee.flags.insert(.stalled)
        watch(LINUX_EPOLL_WRITABLE)
        setTimer(after: loop.limits.stallTime)
    }

    func resumeReading() {
        guard state.pointee.flags.contains(.stalled) else { return }
        state.pointee.flags.remove(.stalled)
        watch(LINUX_EPOLL_READABLE)
    }

    private func watch(_ events: Int) {
        _ = linux_epoll_change(
            loop.state.pointee.epoll, state.pointee.descriptor, UInt32(events),
            UInt64(UInt(bitPattern: state)))
    }

    // MARK: ending

    /// Sends nothing more, and waits a little for the peer to close first.
    func linger() {
        sayClosed()
        endSession()
        state.pointee.flags.insert(.lingering)
        guard linux_shutdown_write(state.pointee.descriptor) == 0 else { return close() }
        setTimer(after: loop.limits.lingerTime)
    }

    func close() {
        guard isOpen else { return }
        endSession()
        releasePending()
        loop.context.pointee.wheel.remove(timer)
        _ = linux_epoll_remove(loop.state.pointee.epoll, state.pointee.descriptor)
        _ = Glibc.close(state.pointee.descriptor)
        state.pointee.descriptor = -1
        loop.release(self)
    }

    /// Puts HTTP/2 on the connection, its SETTINGS first.
    ///
    /// - Returns: false when memory is short.
    func beginSession() -> Bool {
        guard let session = Session.open(in: loop.context, now: loop.state.pointee.now) else {
            return false
        }
        session.owner = UnsafeMutableRawPointer(state)
        state.pointee.session = session
        return true
    }

    func endSession() {
        endTLS()
        guard let session = state.pointee.session else { return }
        if let fault = session.fault { loop.counters.faults.count(fault) }
        state.pointee.session = nil
        session.close()
    }

    private func releasePending() {
        if let pending = state.pointee.pending { loop.context.pointee.buffers.give(pending) }
        state.pointee.pending = nil
    }

    var timer: TimerWheel.Node {
        let offset = MemoryLayout<ConnectionState>.offset(of: \.timer).unsafelyUnwrapped
        return (UnsafeMutableRawPointer(state) + offset).assumingMemoryBound(to: TimerNode.self)
    }

    func setTimer(after time: UInt64) {
        let deadline = loop.state.pointee.now + time
        loop.context.pointee.wheel.set(timer, deadline: deadline)
    }
}
