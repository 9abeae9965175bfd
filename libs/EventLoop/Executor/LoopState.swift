/// What the loop's thread alone touches: its clock, timers, descriptors, and the transports with output to
/// write or news to hand on at the end of the turn.
@Loop
final class LoopState {
    static let current = LoopState()

    var now = Instant.systemNow()
    let timers = TimerHeap()
    let descriptors = DescriptorTable()
    let buffers = BufferPool()
    var spareJobs: [UnownedJob] = []

    private var counters = LoopStatistics()
    private var withOutput: [Transport] = []
    private var withNews: [Transport] = []
    private var spareTransports: [Transport] = []

    private init() {}

    var statistics: LoopStatistics {
        get {
            var result = counters
            result.descriptors = descriptors.count
            result.timers = timers.count
            return result
        }
        set { counters = newValue }
    }

    var hasDeliveries: Bool { !withNews.isEmpty }

    func scheduleFlush(_ transport: Transport) { withOutput.append(transport) }

    func scheduleDelivery(_ transport: Transport) { withNews.append(transport) }

    /// Hands on what transports could not say in the middle of a call of their handler.
    func deliver() {
        guard !withNews.isEmpty else { return }
        swap(&withNews, &spareTransports)
        for transport in spareTransports { transport.deliverNews() }
        spareTransports.removeAll(keepingCapacity: true)
    }

    /// Writes what this turn produced: one system call a transport, however many messages it was given.
    func flush() {
        guard !withOutput.isEmpty else { return }
        swap(&withOutput, &spareTransports)
        for transport in spareTransports { transport.flush() }
        spareTransports.removeAll(keepingCapacity: true)
    }
}
