import AMQP
import Bytes
import EventLoop
import JSON
import Messaging
import Observability
import Orders
import Postgres

/// Replays dead letters: of several, one goes first, and the others follow only if it is not dead-lettered again.
@Loop
final class ReplayJob {
    enum Phase: String {
        /// The first one was replayed; its outcome is awaited.
        case trying
        case replaying
        /// All were replayed; their outcomes are awaited.
        case checking
        case done
        /// The first one failed again, or a server did not answer.
        case stopped
    }

    /// How long outcomes are awaited.
    private static let outcomeLimit = Duration.seconds(20)
    private static let pause = Duration.milliseconds(250)
    private static let outcomesShown = DeadLetterPage.read

    let id: Int
    private let queue: OrderTopology.WorkQueue
    private let messages: DeadLetterQueue
    private let lookup: OrderLookup
    private let names: [ByteString]
    private(set) var phase = Phase.trying
    private var replayed: [Envelope] = []
    /// Why it stopped.
    private var problem: String?
    /// Of replayed orders.
    private var outcomes: [ByteString: String] = [:]

    init(
        _ id: Int, _ queue: OrderTopology.WorkQueue, _ messages: DeadLetterQueue, _ lookup: OrderLookup,
        names: [ByteString]
    ) {
        self.id = id
        self.queue = queue
        self.messages = messages
        self.lookup = lookup
        self.names = names
    }

    var isOver: Bool { phase == .done || phase == .stopped }

    func run() async {
        do throws(AMQPError) {
            try await replay(names.prefix(1))
            if names.count > 1 {
                if let failure = try await outcome(of: replayed) {
                    return stop("the first one failed again: \(failure)")
                }
                phase = .replaying
                try await replay(names.dropFirst())
            }
            phase = .checking
            _ = try await outcome(of: replayed)
            phase = .done
        } catch {
            stop("RabbitMQ does not answer; nothing is lost, and what was replayed stays so")
        }
    }

    private func stop(_ problem: String) {
        self.problem = problem
        phase = .stopped
    }

    private func replay(_ names: ArraySlice<ByteString>) async throws(AMQPError) {
        replayed += try await messages.replay(Set(names))
    }

    /// Waits until each order has an outcome, or its message is dead-lettered again.
    ///
    /// - Returns: the reason of one that failed again.
    private func outcome(of envelopes: [Envelope]) async throws(AMQPError) -> String? {
        let deadline = Instant.systemNow() + Self.outcomeLimit
        var left = envelopes
        var failure: String?
        while !left.isEmpty, Instant.systemNow() < deadline {
            do { try await Loop.sleep(for: Self.pause) } catch { return failure }
            let dead = try await messages.list(limit: DeadLetterPage.read)
            var waiting: [Envelope] = []
            for envelope in left {
                let name = ByteString(envelope.id)
                if let again = dead.first(where: { $0.envelope.id.hasSameBytes(as: envelope.id) }) {
                    failure = again.envelope.failure?.reason ?? "no reason"
                    outcomes[name] = "dead-lettered again"
                } else if let status = await status(of: envelope) {
                    outcomes[name] = status
                } else {
                    waiting.append(envelope)
                }
            }
            left = waiting
        }
        for envelope in left { outcomes[ByteString(envelope.id)] = "not known yet" }
        return failure
    }

    /// The final status of its order; an outcome's own queue changes none, and is done when it is not dead-lettered again.
    private func status(of envelope: Envelope) async -> String? {
        guard let id = CorrelationID(envelope.correlationID) else { return "processed" }
        let recorded = try? await lookup.find(.workflow(id))
        guard queue == .accepted else { return recorded == nil ? nil : "processed" }
        guard let status = recorded?.status, status == .completed || status == .cancelled else { return nil }
        return status.wireName
    }

    var json: JSONValue {
        let list = replayed.prefix(Self.outcomesShown).map { envelope in
            JSONValue.object([
                .init("id", .string(envelope.id)), .init("correlationId", .string(envelope.correlationID)),
                .init("outcome", outcomes[ByteString(envelope.id)].map { .string($0) } ?? .null),
            ])
        }
        let again = outcomes.values.count { $0 == "dead-lettered again" }
        return .object([
            .init("id", .number(String(id))), .init("queue", .string(queue.rawValue)),
            .init("phase", .string(phase.rawValue)), .init("wanted", .number(String(names.count))),
            .init("replayed", .number(String(replayed.count))),
            .init(
                "succeeded",
                .number(
                    String(
                        outcomes.values.count { $0 == "COMPLETED" || $0 == "CANCELLED" || $0 == "processed" })
                )),
            .init("failedAgain", .number(String(again))),
            .init("problem", problem.map { .string($0) } ?? .null), .init("outcomes", .array(Array(list))),
        ])
    }
}

/// The latest replays; one runs at a time.
@Loop
final class ReplayJobs {
    private static let kept = 20
    private var jobs: [ReplayJob] = []
    private var next = 1
    private let tasks = TaskTracker()

    subscript(id: Int) -> ReplayJob? { jobs.first { $0.id == id } }

    /// Nil while another one runs.
    func start(_ make: (Int) -> ReplayJob) -> ReplayJob? {
        guard jobs.allSatisfy(\.isOver) else { return nil }
        let job = make(next)
        next += 1
        jobs.append(job)
        if jobs.count > Self.kept { jobs.removeFirst() }
        tasks.start { await job.run() }
        return job
    }
}
