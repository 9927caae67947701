// SPDX-License-Identifier: Apache-2.0
import CLinux
import GRPC
import Glibc
import HTTP2
import Platform
import Synchronization
import TLS

/// Owned by the loop's thread, and nothing in it is shared.
struct LoopState {
    let epoll: Int32
    let context: UnsafeMutablePointer<SessionContext>
    let mailbox: LoopMailbox
    let counters: LoopCounters
    let limits: TransportLimits
    let input: UnsafeMutableRawPointer
    let output: UnsafeMutableRawBufferPointer
    let events: UnsafeMutablePointer<linux_event>
    var reader: CallReader
    let health: HealthService
    let reflection: ReflectionService
    var watches: [CallHandle] = []
    var service: (any UnaryService)?
    /// Monotonic nanoseconds when the turn began.
    var now: UInt64
    /// Calls that the service got in this batch.
    var batched = 0
    var connections: UnsafeMutablePointer<ConnectionState>?
    var connectionCount = 0
    var freeConnections: UnsafeMutablePointer<ConnectionState>?
    var slots: [UnsafeMutablePointer<ConnectionState>] = []
    var dirty: UnsafeMutablePointer<ConnectionState>?
    var isServing = true
    var drain = DrainPhase.none
    /// nil when no listener has TLS.
    var encryption: LoopEncryption?
}

/// One epoll set, one thread, and the connections it was given. A trivial handle: made by one
/// thread, then used by the loop's own only.
struct EventLoop: @unchecked Sendable {
    let state: UnsafeMutablePointer<LoopState>

    var context: UnsafeMutablePointer<SessionContext> { state.pointee.context }
    var counters: LoopCounters { state.pointee.counters }
    var limits: TransportLimits { state.pointee.limits }

    static func make(
        configuration: GRPCServer.Configuration, mailbox: LoopMailbox, counters: LoopCounters
    ) throws(SystemError) -> EventLoop {
        let limits = configuration.limits
        let now = MonotonicTime.now()
        let epoll = Descriptor(owning: try checked(linux_epoll_create(), "epoll_create1"))
        _ = try checked(
            linux_epoll_add(epoll.number, mailbox.event, readable, mailboxKey), "epoll_ctl")
        let context = SessionContext.make(limits: limits.session, now: now)
        let state = UnsafeMutablePointer<LoopState>.allocate(capacity: 1)
        state.initialize(
            to: LoopState(
                epoll: epoll.release(), context: context, mailbox: mailbox, counters: counters,
                limits: limits,
                input: .allocate(byteCount: TransportLimits.inputBytes, alignment: 64),
                output: .allocate(byteCount: TransportLimits.outputBytes, alignment: 64),
                events: .allocate(capacity: LINUX_EPOLL_BATCH),
                reader: CallReader(methods: configuration.methods, limits: limits.call),
                health: HealthService(services: configuration.services),
                reflection: ReflectionService(methods: configuration.methods), now: now,
                encryption: configuration.credentials.map { LoopEncryption($0) }))
        return EventLoop(state: state)
    }

    // MARK: turns

    /// Runs until it is drained, on the calling thread, and frees the loop.
    func run(_ service: any UnaryService) {
        state.pointee.service = service
        while state.pointee.drain != .over { turn() }
        closeAll()
        service.loopEnded()
        destroy()
    }

    /// Reads everything that is ready, and answers it batch by batch.
    private func turn() {
        let timeout = context.pointee.wheel.timeout(now: MonotonicTime.now())
        let events = state.pointee.events
        let count = linux_epoll_wait(state.pointee.epoll, events, timeout)
        precondition(count >= 0, "epoll_wait failed with errno \(-count)")
        state.pointee.now = MonotonicTime.now()
        var isWoken = false
        state.pointee.encryption?.handshakes = 0
        for index in 0..<Int(count) {
            guard
                let slot = UnsafeMutablePointer<ConnectionState>(
                    bitPattern: UInt(events[index].data))
            else {
                isWoken = true
                continue
            }
            Connection(state: slot).ready(events[index].events)
            if state.pointee.batched >= TransportLimits.batchCalls { endBatch() }
        }
        if isWoken { openMailbox() }
        fireTimers()
        endBatch()
        if state.pointee.drain == .refusing && state.pointee.connectionCount == 0 {
            state.pointee.drain = .over
        }
    }

    /// Commits what the service decided since the last batch, and answers it.
    private func endBatch() {
        state.pointee.batched = 0
        state.pointee.service?.batchEnded()
        flushDirty()
    }

    private func openMailbox() {
        let letters = state.pointee.mailbox.collect()
        for connection in letters.connections { adopt(connection) }
        if letters.isAdmissionRenewed { dismissOutdated() }
        setServing(letters.isServing)
        if letters.isDraining && state.pointee.drain == .none { beginDrain() }
        state.pointee.service?.woken()
    }

    private func fireTimers() {
        while let node = context.pointee.wheel.popExpired(now: state.pointee.now) {
            switch node.pointee.kind {
            case .stream: expire(HTTP2.Stream.owning(node))
            case .connection:
                let slot = UnsafeMutablePointer<ConnectionState>(bitPattern: node.pointee.owner)
                if let slot { Connection(state: slot).timerFired() }
            case .service:
                let token = UInt64(node.pointee.owner)
                node.deallocate()
                state.pointee.service?.timerFired(token: token)
            case .loop:
                node.deallocate()
                continueDrain()
            }
        }
    }

    private func expire(_ stream: HTTP2.Stream) {
        counters.expired.bump()
        state.pointee.reader.expire(stream)
        Connection(of: stream)?.markDirty()
    }

    private func flushDirty() {
        while let slot = state.pointee.dirty {
            state.pointee.dirty = slot.pointee.nextDirty
            slot.pointee.flags.remove(.dirty)
            Connection(state: slot).flush()
        }
    }

    func schedule(at moment: UInt64, token: UInt64) {
        let node = TimerNode.allocate(kind: .service, owner: UInt(token))
        context.pointee.wheel.set(node, deadline: moment)
    }

    // MARK: connections

    private func adopt(_ accepted: LoopMailbox.Accepted) {
        let descriptor = accepted.descriptor
        guard state.pointee.drain == .none else { return refuse(descriptor) }
        let connection = takeSlot()
        let key = UInt64(UInt(bitPattern: connection.state))
        let isReady =
            accepted.isEncrypted ? connection.beginHandshake() : connection.beginSession()
        guard isReady,
            linux_epoll_add(state.pointee.epoll, descriptor, Self.readable, key) == 0
        else {
            connection.endSession()
            release(connection, linked: false)
            return refuse(descriptor)
        }
        connection.state.pointee.descriptor = descriptor
        connection.state.pointee.flags.formIntersection(.dirty)
        connection.state.pointee.heard = state.pointee.now
        link(connection)
        connection.setTimer(after: limits.greetingTime)
        connection.markDirty()
    }

    private func refuse(_ descriptor: Int32) {
        let descriptor = Descriptor(owning: descriptor)
        _ = consume descriptor
        state.pointee.mailbox.load.subtract(1, ordering: .relaxed)
    }

    private func takeSlot() -> Connection {
        if let slot = state.pointee.freeConnections {
            state.pointee.freeConnections = slot.pointee.next
            return Connection(state: slot)
        }
        let slot = UnsafeMutablePointer<ConnectionState>.allocate(capacity: 1)
        let timer = TimerNode(kind: .connection, owner: UInt(bitPattern: slot))
        slot.initialize(to: ConnectionState(loop: self, timer: timer))
        state.pointee.slots.append(slot)
        return Connection(state: slot)
    }

    private func link(_ connection: Connection) {
        let slot = connection.state
        slot.pointee.previous = nil
        slot.pointee.next = state.pointee.connections
        state.pointee.connections?.pointee.previous = slot
        state.pointee.connections = slot
        state.pointee.connectionCount += 1
    }

    /// Takes back the slot of a connection that was closed.
    func release(_ connection: Connection, linked: Bool = true) {
        let slot = connection.state
        if linked {
            let previous = slot.pointee.previous
            let next = slot.pointee.next
            if let previous {
                previous.pointee.next = next
            } else {
                state.pointee.connections = next
            }
            next?.pointee.previous = previous
            state.pointee.connectionCount -= 1
            state.pointee.mailbox.load.subtract(1, ordering: .relaxed)
        }
        slot.pointee.next = state.pointee.freeConnections
        state.pointee.freeConnections = slot
    }

    func closeAll() {
        while let slot = state.pointee.connections { Connection(state: slot).close() }
        for accepted in state.pointee.mailbox.collect().connections { refuse(accepted.descriptor) }
    }

    private func destroy() {
        let loop = state.pointee
        _ = Descriptor(owning: loop.epoll)
        loop.reader.destroy()
        SessionContext.destroy(loop.context)
        loop.input.deallocate()
        loop.output.deallocate()
        loop.encryption?.destroy()
        loop.events.deallocate()
        state.pointee.service = nil
        for slot in loop.slots { slot.deallocate() }
        state.deinitialize(count: 1)
        state.deallocate()
    }

    private static let readable = UInt32(LINUX_EPOLL_READABLE)
    /// The data of the mailbox in epoll; connections have their addresses.
    private static let mailboxKey: UInt64 = 0
}
