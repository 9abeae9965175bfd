internal import CLinux
internal import Glibc

/// One TCP connection, plain or TLS.
///
/// Output goes to a buffer that is written once, at the end of the loop's turn: the messages of a turn cost one
/// system call. A transport without pending output owns no buffer.
@Loop
package final class Transport: DescriptorHandler {
    private static let defaultOutputLimit = 1 << 20

    /// Bytes that may wait for a peer that does not read; with more, the transport closes with `.slowPeer`.
    package var outputLimit = defaultOutputLimit

    /// What the bytes held for this peer count against; nil for a peer that is no client of a server.
    package var budget: BufferBudget?
    /// Bytes that the handler holds for this peer.
    package var heldByHandler = 0 { didSet { account() } }
    /// Counted in the budget.
    private var held = 0

    let descriptor: Int32
    private var registration: Registration?
    private let tls: TLSSession?
    private var handler: (any TransportHandler)?

    /// The bytes that the handler has not consumed yet.
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    /// Bytes at the front of `output` that the kernel has accepted.
    private var sent = 0
    private var endTimer: Timer?
    private var failure: TransportError?
    private var state = TransportState()

    /// Takes over a connected, non-blocking socket.
    ///
    /// - Parameter isStartedAtOnce: whether ``start(_:)`` follows in this turn, so that the descriptor is watched for
    ///   input from now on.
    init(descriptor: Int32, tls: TLSSession?, isStartedAtOnce: Bool = false) throws(TransportError) {
        self.descriptor = descriptor
        self.tls = tls
        Socket.disableNagle(descriptor)
        do {
            registration = try Loop.register(descriptor, self, interest: isStartedAtOnce ? .readable : [])
            if isStartedAtOnce { state.start() }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    package var isOpen: Bool { state.isOpen }
    package var isTLS: Bool { tls != nil }

    /// Bytes written by the handler and not yet accepted by the kernel.
    package var pendingOutput: Int { output.count - sent }

    /// Whether the kernel accepted no more at the last attempt; ``TransportHandler/drained(_:)`` is called when all
    /// is written.
    package var isBlocked: Bool { state.output == .blocked }

    /// Begins to read for `handler`. A second call passes the connection to another protocol.
    package func start(_ handler: any TransportHandler) {
        guard isOpen else { return }
        self.handler = handler
        if state.phase == .created {
            state.start()
            updateInterest()
        }
    }

    // MARK: Output

    /// Appends to the output whatever `body` appends to the buffer.
    package func withOutput<Result>(_ body: (inout [UInt8]) -> Result) -> Result {
        if output.isEmpty { output = LoopState.current.buffers.take() }
        let result = body(&output)
        scheduleFlush()
        return result
    }

    /// Keeps small output back until ``release()``, so that what follows soon is written with it.
    package func hold() { state.hold() }

    package func release() {
        if state.release(), !output.isEmpty { scheduleFlush() }
    }

    package func write(_ bytes: [UInt8]) { withOutput { $0.append(contentsOf: bytes) } }

    package func write(_ text: String) { withOutput { $0.append(contentsOf: text.utf8) } }

    package func write(_ bytes: Span<UInt8>) {
        withOutput { output in
            unsafe bytes.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
        }
    }

    private func scheduleFlush() {
        guard isOpen else {
            output = []
            return
        }
        if isBlocked {
            account()
            if isOutputTooLarge { failSlowPeer() }
        } else if state.schedule() {
            LoopState.current.scheduleFlush(self)
        }
    }

    private var isOutputTooLarge: Bool {
        pendingOutput > outputLimit || isOverBudget && pendingOutput > BufferBudget.share
    }

    /// Whether this peer should be given up when it holds more than its share.
    package var isOverBudget: Bool { budget?.isExceeded == true }

    private func account() {
        guard let budget else { return }
        let now = input.count + heldByHandler + (isBlocked ? pendingOutput : 0)
        guard now != held else { return }
        budget.change(by: now - held)
        held = now
    }

    private func failSlowPeer() {
        close(TransportError(.slowPeer, "the peer left \(pendingOutput) bytes unread"))
    }

    /// Writes pending output; called by the loop at the end of a turn and when the socket is writable again.
    func flush() {
        state.beginFlush()
        guard isOpen, !state.isHeld else { return }
        while sent < output.count {
            let result = unsafe output.withUnsafeBytes { bytes in
                unsafe send(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            }
            switch result {
            case .bytes(let count): sent += count
            case .blocked: return block()
            case .ended, .failed: return close(result.error)
            }
        }
        sent = 0
        LoopState.current.buffers.give(&output)
        let wasBlocked = state.finishFlush()
        if held > 0 { account() }
        if wasBlocked { updateInterest() }
        if state.phase == .closing {
            finishOutput()
        } else if wasBlocked {
            handler?.drained(self)
        }
    }

    private func block() {
        // The written part is dropped once it is the larger one.
        if sent > 65_536, sent > output.count / 2 {
            output.removeFirst(sent)
            sent = 0
        }
        if state.block() { updateInterest() }
        account()
        if isOutputTooLarge { failSlowPeer() }
    }

    private func send(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        if let tls { return unsafe tls.write(bytes) }
        while true {
            let count = unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .blocked : .failed(TransportError(.system(errno), "send"))
        }
    }

    // MARK: Input

    /// Stops reading: the peer is slowed down by TCP.
    package func pauseReading() {
        guard isOpen, !state.isPaused else { return }
        state.pause()
        updateInterest()
    }

    /// Reads again; bytes left over from before are delivered first, after the current call.
    package func resumeReading() {
        guard isOpen, state.resume() else { return }
        updateInterest()
        // Within a handler's call, the bytes it leaves over are not in `input` yet.
        deliver(.resumed)
    }

    package func descriptorReady(_ readiness: Readiness) {
        if handler == nil, isOpen {
            state.unstart()
            return updateInterest()
        }
        if readiness.contains(.writable) {
            flush()
            // A TLS read may have been waiting to write.
            if tls != nil, !state.isPaused { read() }
        }
        guard isOpen else { return }
        if readiness.contains(.hangup), state.input != .reading {
            let code = Socket.error(of: descriptor)
            return close(code == 0 ? nil : TransportError(.system(code), "connection lost"))
        }
        if readiness.contains(.readable) || readiness.contains(.hangup) { read() }
    }

    private func read() {
        let buffer = unsafe LoopState.current.buffers.read
        repeat {
            guard isOpen, !state.hasInputEnded else { return }
            let result = unsafe receive(UnsafeMutableRawBufferPointer(buffer))
            switch result {
            case .bytes(let count):
                if input.isEmpty {
                    var bytes = unsafe MutableSpan(_unsafeElements: buffer.extracting(..<count))
                    let used = handler?.received(&bytes, from: self) ?? 0
                    if isOpen, used < count {
                        unsafe input.append(contentsOf: buffer[used..<count])
                        account()
                    }
                } else {
                    unsafe input.append(contentsOf: buffer[..<count])
                    consumeInput()
                }
            case .blocked:
                if !isBlocked, !output.isEmpty { scheduleFlush() }
                return
            case .ended: return endInput()
            case .failed(let error): return close(error)
            }
            // OpenSSL may hold decrypted bytes that epoll does not know of.
        } while tls?.hasPending == true && !state.isPaused
    }

    private func consumeInput() {
        guard let handler else { return }
        var bytes = input
        input = []
        var span = bytes.mutableSpan
        let used = handler.received(&span, from: self)
        guard isOpen else { return }
        if used < bytes.count {
            bytes.removeFirst(used)
            input = bytes
        }
        account()
    }

    private func receive(_ buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        if let tls { return unsafe tls.read(buffer) }
        while true {
            let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .ended }
            if errno == EINTR { continue }
            return errno == EAGAIN ? .blocked : .failed(TransportError(.system(errno), "connection lost"))
        }
    }

    private func endInput() {
        state.endInput()
        updateInterest()
        if state.phase == .closing, output.isEmpty { return close(nil) }
        handler?.inputEnded(self)
    }

    private func updateInterest() { registration?.update(state.interest) }

    // MARK: Closing

    /// Closes at once; pending output is dropped.
    package func close() { close(nil) }

    /// Writes pending output, ends the sending direction, and closes when the peer has closed too or after `limit`.
    /// Until then input is still delivered to the handler, which may drop it: a peer that is still sending must not
    /// see a reset before it has read the last response.
    package func closeAfterFlush(within limit: Duration = .seconds(2)) {
        guard state.beginClose() else { return }
        let timer = Timer { [weak self] in self?.close(nil) }
        timer.arm(after: limit)
        endTimer = timer
        if !isBlocked { scheduleFlush() }
    }

    private func finishOutput() {
        tls?.shutDown()
        shutdown(descriptor, Int32(SHUT_WR))
        if state.hasInputEnded { close(nil) }
    }

    private func close(_ error: TransportError?) {
        guard state.close() else { return }
        failure = error
        if error == nil { tls?.shutDown() }
        registration?.cancel()
        registration = nil
        Glibc.close(descriptor)
        endTimer?.cancel()
        endTimer = nil
        input = []
        output = []
        sent = 0
        heldByHandler = 0
        deliver(.closed)
    }

    private func deliver(_ delivery: TransportState.Delivery) {
        if state.deliver(delivery) { LoopState.current.scheduleDelivery(self) }
    }

    /// Calls the handler for the events that occurred within its own call.
    func deliverEvents() {
        let delivery = state.takeDelivery()
        if isOpen {
            guard delivery == .resumed, !state.isPaused else { return }
            if !input.isEmpty { consumeInput() }
            guard isOpen, !state.isPaused else { return }
            if state.hasInputEnded {
                handler?.inputEnded(self)
            } else if tls?.hasPending == true {
                read()
            }
        } else {
            let handler = handler
            self.handler = nil
            handler?.closed(self, failure)
        }
    }
}
