internal import CLinux
internal import Glibc
internal import Synchronization

/// The executor behind ``Loop``: one epoll descriptor, one thread, one queue of jobs.
///
/// Jobs from the loop's own thread go to a plain array; those from elsewhere through a locked inbox and an
/// eventfd. A turn waits for events, delivers them, runs jobs and due timers until none
/// is left, then writes the turn's output.
final class Reactor: SerialExecutor, TaskExecutor, Sendable {
    static let shared = Reactor()

    private let epoll: Int32
    private let wakeup: Int32
    private let inbox = Locked(Inbox())
    /// The loop's thread; 0 while there is none.
    private let thread = Atomic<UInt>(0)
    /// Jobs enqueued by the loop's thread; no other thread uses it.
    private nonisolated(unsafe) var ownJobs: [UnownedJob] = []

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var hasThread = false
    }

    private static let wakeupToken = UInt64.max
    private static let eventsPerTurn = 256
    /// After so many jobs the loop polls its sockets again, so that tasks that keep waking each other cannot
    /// starve them.
    private static let jobsPerTurn = 8192

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeup = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(epoll >= 0 && wakeup >= 0, "no descriptors left for the event loop")
        var event = unsafe epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: Self.wakeupToken))
        unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event)
        // A peer that closes is an error of one write, not the end of the process.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    var isCurrentThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    // MARK: SerialExecutor, TaskExecutor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrentThread {
            unsafe ownJobs.append(job)
            return
        }
        let (isFirst, hasThread) = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.hasThread = true }
            return (inbox.jobs.count == 1, inbox.hasThread)
        }
        if !hasThread { startThread() }
        if isFirst { wake() }
    }

    func checkIsolated() {
        precondition(isCurrentThread, "this code must run on the event loop's thread")
    }

    func isIsolatingCurrentContext() -> Bool? { isCurrentThread }

    // MARK: The thread

    func adoptCurrentThread() {
        let wasFree = inbox.withLock { inbox in
            defer { inbox.hasThread = true }
            return !inbox.hasThread
        }
        precondition(wasFree, "the event loop already has a thread")
        thread.store(UInt(pthread_self()), ordering: .relaxed)
    }

    private func startThread() {
        let worker = Thread { [self] in
            thread.store(UInt(pthread_self()), ordering: .relaxed)
            Loop.assumeIsolated { turn(until: { false }) }
        }
        worker.start()
    }

    private func wake() {
        var one: UInt64 = 1
        _ = unsafe Glibc.write(wakeup, &one, 8)
    }

    // MARK: Turning

    @Loop func turn(until isFinished: () -> Bool) {
        let state = LoopState.current
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Self.eventsPerTurn)
        defer { unsafe events.deallocate() }
        state.now = .systemNow()
        while true {
            let hasMoreJobs = runJobs(state)
            state.deliver()
            state.flush()
            if isFinished() { return }

            if unsafe SimulatedSystem.isActive {
                if unsafe ownJobs.isEmpty, !state.hasDeliveries { Simulation.passTime(state) }
                state.now = .systemNow()
                state.timers.fire(until: state.now)
                continue
            }
            let hasWork = unsafe hasMoreJobs || !ownJobs.isEmpty || state.hasDeliveries
            let end = Instant.systemNow()
            let timeout = hasWork ? 0 : state.timers.millisecondsToNext(from: end)
            state.turnEnded(at: end)
            let count = unsafe epoll_wait(epoll, events.baseAddress, Int32(events.count), timeout)
            state.now = .systemNow()
            state.statistics.turns &+= 1
            for index in 0..<max(0, Int(count)) {
                let event = unsafe events[index]
                let token = unsafe event.data.u64
                if token == Self.wakeupToken {
                    var value: UInt64 = 0
                    _ = unsafe Glibc.read(wakeup, &value, 8)
                } else {
                    state.descriptors.dispatch(token: token, events: unsafe event.events)
                }
            }
            state.timers.fire(until: state.now)
        }
    }

    /// Runs the queued jobs and those they enqueue; true when it stopped at the limit of a turn.
    @Loop private func runJobs(_ state: LoopState) -> Bool {
        let executor = unsafe asUnownedSerialExecutor()
        let taskExecutor = unsafe asUnownedTaskExecutor()
        var batch = state.spareJobs
        state.spareJobs = []
        var done = 0
        while done < Self.jobsPerTurn {
            inbox.withLock { inbox in
                if !inbox.jobs.isEmpty {
                    unsafe ownJobs.append(contentsOf: inbox.jobs)
                    inbox.jobs.removeAll(keepingCapacity: true)
                }
            }
            if unsafe SimulatedSystem.isActive {
                if unsafe ownJobs.isEmpty { break }
                let job = unsafe ownJobs.remove(at: Simulation.nextJob(of: ownJobs.count))
                SimulatedSystem.note(1)
                unsafe job.runSynchronously(isolatedTo: executor, taskExecutor: taskExecutor)
                done += 1
                continue
            }
            unsafe swap(&batch, &ownJobs)
            if batch.isEmpty { break }
            for job in batch { unsafe job.runSynchronously(isolatedTo: executor, taskExecutor: taskExecutor) }
            done += batch.count
            batch.removeAll(keepingCapacity: true)
        }
        state.spareJobs = batch
        state.statistics.jobs &+= UInt64(done)
        return done >= Self.jobsPerTurn
    }

    // MARK: Descriptors

    @Loop func add(_ descriptor: Int32, events: UInt32, token: UInt64) -> Int32 {
        control(EPOLL_CTL_ADD, descriptor, events, token)
    }

    @Loop func modify(_ descriptor: Int32, events: UInt32, token: UInt64) {
        _ = control(EPOLL_CTL_MOD, descriptor, events, token)
    }

    @Loop func remove(_ descriptor: Int32) {
        _ = control(EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// - Returns: errno, or 0.
    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ token: UInt64) -> Int32
    {
        var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: token))
        return unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0 ? 0 : errno
    }
}
