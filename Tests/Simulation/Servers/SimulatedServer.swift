import EventLoop

/// A server as its clients see it: it answers after a while, may be away, silent or slow.
@Loop
final class SimulatedServer {
    let name: String
    private(set) var isUp = true
    private(set) var isSilent = false
    /// One way, in microseconds.
    var latency: ClosedRange<Int> = 100...1_500
    /// Changes with each restart: what was on its way is lost.
    private(set) var generation = 0
    /// When it last came back.
    private(set) var wokeAt = Instant(nanoseconds: 0)
    /// Requests since it is silent.
    private var arrived = 0
    private let changes = AsyncEvent()

    init(_ name: String) { self.name = name }

    func stop() {
        isUp = false
        generation += 1
        changes.fire()
    }

    func start() {
        isUp = true
        isSilent = false
        wokeAt = Loop.now
        changes.fire()
    }

    func freeze() {
        isSilent = true
        arrived = 0
    }

    func thaw() {
        isSilent = false
        wokeAt = Loop.now
        changes.fire()
    }

    /// Until it is not silent; what was sent meanwhile is carried out then, in the order in which it came.
    func awake() async {
        guard isSilent, isUp else { return }
        arrived += 1
        let place = arrived
        while isSilent, isUp { await changes.next() }
        try? await Loop.sleep(for: .microseconds(10 * place))
    }
}

/// Wakes those who wait for the next time.
@Loop
final class AsyncEvent {
    private let waiters = WaiterQueue<Void>()

    func fire() { waiters.resumeAll(returning: ()) }
    func next() async { _ = await waiters.wait(until: nil) }
}

/// Whether a process lives. One that was killed never gets an answer, and nothing that it does has an effect.
@Loop
final class Liveness {
    private(set) var isAlive = true
    private var isOver = false
    private let end = WaiterQueue<Void>()

    func kill() { isAlive = false }

    /// Lets go of what a dead process still waits for, when a run is over.
    func bury() {
        isOver = true
        end.resumeAll(returning: ())
    }

    /// Never returns in a dead process, until the run is over.
    func checkpoint() async {
        while !isAlive, !isOver, !Task.isCancelled { _ = await end.wait(until: nil) }
    }
}

/// The connection of one process with one server.
@Loop
final class Link {
    let process: Liveness
    let server: SimulatedServer
    /// Nothing gets through.
    private(set) var isCut = false
    private(set) var mendedAt = Instant(nanoseconds: 0)
    private static let timeout = Duration.seconds(2)

    init(_ process: Liveness, _ server: SimulatedServer) {
        self.process = process
        self.server = server
    }

    func cut() { isCut = true }

    func mend() {
        isCut = false
        mendedAt = Loop.now
    }

    var isUsable: Bool { server.isUp && !server.isSilent && !isCut }

    func delay() async { try? await Loop.sleep(for: .microseconds(Int.drawn(in: server.latency))) }

    /// Runs `body` on the server.
    ///
    /// - Parameters:
    ///   - away: the error when nothing was sent.
    ///   - unknown: the error when it is not known whether `body` ran.
    func call<Value: Sendable, Failure: Error>(
        _ away: Failure, _ unknown: Failure, within limit: Duration? = nil,
        _ body: @escaping @Loop () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await process.checkpoint()
        for byte in server.name.utf8 { Simulation.note(UInt64(byte)) }
        let end = Loop.now + (limit ?? Self.timeout)
        await delay()
        guard server.isUp else { throw away }
        if isCut {
            // As a peer that does not answer.
            try? await Loop.sleep(for: Loop.now.duration(to: end))
            await process.checkpoint()
            throw away
        }
        let generation = server.generation
        var timer: Timer?
        defer { timer?.cancel() }
        let answer: Result<Value, Failure>? = await Loop.suspend(orCancelled: nil) { continuation in
            timer = Timer { continuation.abandon(returning: nil) }
            timer?.arm(at: end)
            Loop.task { [self] in
                await server.awake()
                guard server.isUp, server.generation == generation else { return }
                let answer: Result<Value, Failure>
                do throws(Failure) { answer = .success(try await body()) } catch { answer = .failure(error) }
                await delay()
                guard server.generation == generation else { return }
                if !isCut { continuation.abandon(returning: answer) }
            }
        }
        await process.checkpoint()
        guard let result = answer else { throw unknown }
        return try result.get()
    }
}

extension Int {
    /// From the seed.
    @Loop static func drawn(in range: ClosedRange<Int>) -> Int {
        var generator = LoopRandom()
        return .random(in: range, using: &generator)
    }
}

/// True once in `count` times.
@Loop func drawn(onceIn count: Int) -> Bool { Int.drawn(in: 1...count) == 1 }

extension Array {
    @Loop func drawn() -> Element { self[Int.drawn(in: 0...(count - 1))] }
}
