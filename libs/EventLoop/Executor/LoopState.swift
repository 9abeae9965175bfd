/// State of the loop's thread alone: its clock, timers, descriptors, and the transports with output to write or
/// events to deliver at the end of the turn.
@Loop
final class LoopState {
    static let current = LoopState()

    var now = Instant.systemNow()
    let timers = TimerHeap()
    let descriptors = DescriptorTable()
    let buffers = BufferPool()
    var spareJobs: [UnownedJob] = []

    private var counters = LoopStatistics()
    /// Of ``LoopStatistics/longestTurn``: that of the previous window, and the end of the current one.
    private var earlierLongestTurn = Duration.zero
    private var windowEnd = Instant.systemNow() + LoopState.window
    private static let window = Duration.seconds(60)
    private var pendingFlush: [Transport] = []
    private var pendingDelivery: [Transport] = []
    private var spareTransports: [Transport] = []

    private init() {}

    var statistics: LoopStatistics {
        get {
            var result = counters
            result.descriptors = descriptors.count
            result.timers = timers.count
            result.longestTurn = max(counters.longestTurn, earlierLongestTurn)
            return result
        }
        set { counters = newValue }
    }

    /// Counts the turn that began at ``now`` and has done its work.
    func turnEnded(at end: Instant) {
        if now >= windowEnd {
            earlierLongestTurn = now >= windowEnd + Self.window ? .zero : counters.longestTurn
            counters.longestTurn = .zero
            windowEnd = now + Self.window
        }
        counters.longestTurn = max(counters.longestTurn, now.duration(to: end))
    }

    var hasDeliveries: Bool { !pendingDelivery.isEmpty }

    func scheduleFlush(_ transport: Transport) { pendingFlush.append(transport) }

    func scheduleDelivery(_ transport: Transport) { pendingDelivery.append(transport) }

    /// Delivers the events that transports could not deliver within a call of their handler.
    func deliver() {
        guard !pendingDelivery.isEmpty else { return }
        swap(&pendingDelivery, &spareTransports)
        for transport in spareTransports { transport.deliverEvents() }
        spareTransports.removeAll(keepingCapacity: true)
    }

    /// Writes this turn's output: one system call for each transport, however many messages it was given.
    func flush() {
        guard !pendingFlush.isEmpty else { return }
        swap(&pendingFlush, &spareTransports)
        for transport in spareTransports { transport.flush() }
        spareTransports.removeAll(keepingCapacity: true)
    }
}
