// SPDX-License-Identifier: Apache-2.0

/// HEADERS and CONTINUATION (RFC 9113 sections 6.2, 6.10 and 8).
extension Session {
    /// The head of a HEADERS frame has come: finds out whose fields will follow.
    func openBlock(_ head: FrameHead) {
        guard head.stream & 1 == 1 else { return violate(.protocolError) }
        state.pointee.block = BlockProgress()
        state.pointee.block.isOpen = true
        state.pointee.block.stream = head.stream
        state.pointee.block.ends = head.flags.contains(.endStream)
        if head.stream > state.pointee.lastStream {
            openStream(head.stream)
        } else if let stream = state.pointee.table.find(head.stream) {
            openTrailers(stream)
        } else if head.stream > state.pointee.lastDropped {
            violate(.streamClosed)
        }
    }

    private func openStream(_ id: Int32) {
        state.pointee.lastStream = id
        if state.pointee.refusesStreams {
            state.pointee.lastDropped = id
        } else if openStreams >= Int(state.pointee.context.pointee.limits.concurrentStreams) {
            queueReset(id, .refusedStream)
        } else {
            state.pointee.block.target = adopt(id)
        }
    }

    /// Trailers end the request (RFC 9113 section 8.1); their fields are not kept.
    private func openTrailers(_ stream: UnsafeMutablePointer<StreamState>) {
        if stream.pointee.flags.contains(.ended) {
            Stream(state: stream).reset(.streamClosed)
        } else if !state.pointee.block.ends {
            Stream(state: stream).reset(.protocolError)
        } else {
            state.pointee.block.isTrailers = true
            state.pointee.block.target = stream
        }
    }

    func readHeaders(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        var fragment = payload[...]
        if head.flags.contains(.padded) {
            guard let padding = fragment.popFirst(), Int(padding) <= fragment.count else {
                return violate(.protocolError)
            }
            fragment = fragment.dropLast(Int(padding))
        }
        if head.flags.contains(.priority) {
            guard fragment.count >= 5 else { return violate(.frameSizeError) }
            let parent = UnsafeRawBufferPointer(rebasing: fragment).baseAddress?.bigEndian(at: 0)
            if (parent ?? 0) & 0x7FFF_FFFF == UInt32(bitPattern: head.stream) {
                state.pointee.block.target.map { Stream(state: $0).reset(.protocolError) }
            }
            fragment = fragment.dropFirst(5)
        }
        let block = UnsafeRawBufferPointer(rebasing: fragment)
        let isWhole = head.flags.contains(.endHeaders)
        if isWhole, takeRemembered(block) { return }
        decode(block, isWhole: isWhole, isLast: isWhole)
    }

    func readContinuation(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) {
        guard head.stream == state.pointee.block.stream else { return violate(.protocolError) }
        state.pointee.block.continuations += 1
        if state.pointee.block.continuations > SessionLimits.continuations {
            return end(.tooManyContinuations)
        }
        decode(payload, isWhole: false, isLast: head.flags.contains(.endHeaders))
    }

    /// Takes a request's head from the last one, when it is in the same bytes.
    private func takeRemembered(_ block: UnsafeRawBufferPointer) -> Bool {
        guard let stream = state.pointee.block.target, !state.pointee.block.isTrailers,
            state.pointee.remembered.equals(block)
        else { return false }
        stream.pointee.head = state.pointee.remembered.head
        stream.pointee.contentLength = state.pointee.remembered.contentLength
        stream.pointee.kept.update(
            from: state.pointee.remembered.kept, count: stream.pointee.head.used)
        state.pointee.block.isOpen = false
        finishHead(stream)
        return true
    }

    private func decode(_ piece: UnsafeRawBufferPointer, isWhole: Bool, isLast: Bool) {
        let keepsTable = isWhole && HeaderDecoder.keepsTable(piece)
        if !keepsTable { state.pointee.remembered.forget() }
        let isGood = state.pointee.decoder.decode(piece, isLast: isLast) { name, value in
            takeField(name, value)
            return state.pointee.fault == nil
        }
        if !isGood { return violate(.compressionError) }
        guard isLast, state.pointee.fault == nil else { return }
        state.pointee.block.isOpen = false
        closeBlock()
        guard keepsTable, let stream = state.pointee.block.target else { return }
        let isTold = stream.pointee.flags.contains(.headRead) && !state.pointee.block.isTrailers
        if isTold && !stream.pointee.flags.contains(.headTooLarge) {
            state.pointee.remembered.remember(piece, stream)
        }
    }

    private func takeField(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
    ) {
        guard let stream = state.pointee.block.target else { return }
        let isTrailer = state.pointee.block.isTrailers
        state.pointee.block.rules.add(name, value, isTrailer: isTrailer)
        if isTrailer {
            stream.pointee.head.count(name, value)
        } else {
            stream.pointee.head.add(name, value, memory: stream.pointee.kept)
        }
        let limit = state.pointee.context.pointee.limits.headerList
        guard stream.pointee.head.listSize > limit else { return }
        stream.pointee.flags.insert(.headTooLarge)
        if stream.pointee.head.listSize > limit * SessionLimits.hopelessHeaderListFactor {
            end(.headerListTooLarge)
        }
    }

    /// All fields have come.
    private func closeBlock() {
        guard let stream = state.pointee.block.target else { return }
        if state.pointee.block.isTrailers {
            if state.pointee.block.rules.isMalformed {
                return Stream(state: stream).reset(.protocolError)
            }
            return finishRequest(stream)
        }
        guard state.pointee.block.rules.isRequest else {
            return Stream(state: stream).reset(.protocolError)
        }
        stream.pointee.contentLength = state.pointee.block.rules.contentLength
        finishHead(stream)
    }

    private func finishHead(_ stream: UnsafeMutablePointer<StreamState>) {
        stream.pointee.flags.insert(.headRead)
        if state.pointee.block.ends { return finishRequest(stream) }
        pushReady(stream)
    }

    /// END_STREAM has come.
    func finishRequest(_ stream: UnsafeMutablePointer<StreamState>) {
        let announced = stream.pointee.contentLength
        if announced >= 0 && announced != stream.pointee.bodyTotal {
            return Stream(state: stream).reset(.protocolError)
        }
        stream.pointee.flags.insert(.ended)
        pushReady(stream)
    }
}
