/// The states of a ``Transport``: what it waits for, and its next step. Pure; the transport does the I/O.
struct TransportState: Sendable, Equatable {
    enum Phase: UInt8, Sendable { case created, started, closing, closed }

    /// What happens to bytes from the peer.
    enum Input: UInt8, Sendable {
        case reading, paused
        /// The peer sends no more.
        case ended
        /// The peer sends no more; the handler is told when it resumes reading.
        case endedWhilePaused
    }

    enum Output: UInt8, Sendable {
        case idle
        /// A flush follows at the end of the turn.
        case scheduled
        /// The kernel accepts no more until the descriptor is writable.
        case blocked
    }

    /// The calls that the handler gets at the end of the turn.
    enum Delivery: UInt8, Sendable { case none, closed, resumed }

    private(set) var phase = Phase.created
    private(set) var input = Input.reading
    private(set) var output = Output.idle
    private(set) var delivery = Delivery.none
    /// Whether small output is kept back.
    private(set) var isHeld = false

    var isOpen: Bool { phase != .closed }
    var isPaused: Bool { input == .paused || input == .endedWhilePaused }
    var hasInputEnded: Bool { input == .ended || input == .endedWhilePaused }

    /// What the descriptor is watched for.
    var interest: Readiness {
        var interest: Readiness = []
        if phase == .started || phase == .closing, input == .reading { interest.insert(.readable) }
        if isOpen, output == .blocked { interest.insert(.writable) }
        return interest
    }

    // MARK: Phases

    mutating func start() { if phase == .created { phase = .started } }

    /// The handler did not start in the turn in which the descriptor became readable.
    mutating func unstart() { if phase == .started { phase = .created } }

    /// - Returns: false when it closes already.
    mutating func beginClose() -> Bool {
        guard phase == .created || phase == .started else { return false }
        phase = .closing
        isHeld = false
        return true
    }

    /// - Returns: false when it is closed already.
    mutating func close() -> Bool {
        guard isOpen else { return false }
        phase = .closed
        output = .idle
        return true
    }

    // MARK: Input

    mutating func pause() {
        switch input {
        case .reading: input = .paused
        case .ended: input = .endedWhilePaused
        case .paused, .endedWhilePaused: break
        }
    }

    /// - Returns: whether it was paused.
    mutating func resume() -> Bool {
        switch input {
        case .paused: input = .reading
        case .endedWhilePaused: input = .ended
        case .reading, .ended: return false
        }
        return true
    }

    mutating func endInput() { input = isPaused ? .endedWhilePaused : .ended }

    // MARK: Output

    mutating func hold() { isHeld = true }

    /// - Returns: whether output was kept back.
    mutating func release() -> Bool {
        defer { isHeld = false }
        return isHeld
    }

    /// - Returns: whether a flush must be scheduled: none is yet, and the kernel accepts more.
    mutating func schedule() -> Bool {
        guard output == .idle else { return false }
        output = .scheduled
        return true
    }

    /// A flush begins.
    mutating func beginFlush() { if output == .scheduled { output = .idle } }

    /// - Returns: whether the interest has changed.
    mutating func block() -> Bool {
        defer { output = .blocked }
        return output != .blocked
    }

    /// All output was written.
    ///
    /// - Returns: whether some of it had to wait.
    mutating func finishFlush() -> Bool {
        defer { output = .idle }
        return output == .blocked
    }

    // MARK: Deliveries

    /// - Returns: whether a delivery must be scheduled.
    mutating func deliver(_ delivery: Delivery) -> Bool {
        defer { if self.delivery != .closed { self.delivery = delivery } }
        return self.delivery == .none
    }

    mutating func takeDelivery() -> Delivery {
        defer { delivery = .none }
        return delivery
    }
}
