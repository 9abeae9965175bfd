import AMQP
import Bytes
import EventLoop
import JSON
import Messaging
import Observability
import Orders
import Postgres

/// Replays dead letters: of several, one goes first, and the others follow only when it has its outcome.
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
    private static let searchLimit = Duration.seconds(3)

    private enum Outcome: Equatable {
        case status(OrderStatus)
        case deadLettered

        var text: String {
            switch self {
            case .status(let status): status.wireName
            case .deadLettered: "dead-lettered again"
            }
        }
    }

    let id: Int
    private let queue: OrderTopology.WorkQueue
    private let messages: DeadLetterQueue
    private let lookup: OrderLookup
    private let copies: RememberedOrders
    private let names: [ByteString]
    private(set) var phase = Phase.trying
    private var replayed: [Envelope] = []
    /// What the dead-letter queue has when none has come back.
    private var left = 0
    /// Why it stopped.
    private var problem: String?
    /// By message.
    private var outcomes: [ByteString: Outcome] = [:]
    /// The reason of one that failed again.
    private var failure: String?

    init(
        _ id: Int, _ queue: OrderTopology.WorkQueue, _ messages: DeadLetterQueue, _ lookup: OrderLookup,
        _ copies: RememberedOrders, names: [ByteString]
    ) {
        self.copies = copies
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
                try await awaitOutcomes()
                guard succeeded == 1 else {
                    let reason =
                        replayed.isEmpty ? "is not in the queue" : failure.map { "failed again: \($0)" }
                    return stop("the first one \(reason ?? "has no outcome yet")")
                }
                phase = .replaying
                try await replay(names.dropFirst())
            }
            phase = .checking
            try await awaitOutcomes()
            phase = .done
        } catch {
            stop("RabbitMQ does not answer; nothing is lost, and what was replayed stays so")
        }
    }

    private func stop(_ problem: String) {
        self.problem = problem
        phase = .stopped
    }

    /// Messages that somebody looks at are not in the queue meanwhile: they are looked for again.
    private func replay(_ names: ArraySlice<ByteString>) async throws(AMQPError) {
        var wanted = Set(names)
        let deadline = Instant.systemNow() + Self.searchLimit
        while true {
            let before = try await messages.count()
            let gone = try await messages.replay(wanted)
            replayed += gone
            left = before - gone.count
            // One without an id is named after its contents, and would be taken for its own successor.
            wanted = wanted.filter { name in
                !name.text.hasPrefix("body-") && !gone.contains { name == ByteString($0.id) }
            }
            guard !wanted.isEmpty, Instant.systemNow() < deadline else { return }
            do { try await Loop.sleep(for: Self.pause) } catch { return }
        }
    }

    /// Waits until each replayed message has an outcome. Looking through the queue makes the broker deliver all of it, so that
    /// it is looked through when it has grown, and at the end.
    private func awaitOutcomes() async throws(AMQPError) {
        let deadline = Instant.systemNow() + Self.outcomeLimit
        while replayed.contains(where: { outcomes[ByteString($0.id)] == nil }) {
            let isLast = Instant.systemNow() >= deadline
            let isDue = if isLast { true } else { try await messages.count() > left }
            let dead = isDue ? try await messages.list(limit: DeadLetterPage.read).map(\.envelope) : []
            for envelope in replayed where outcomes[ByteString(envelope.id)] == nil {
                outcomes[ByteString(envelope.id)] = await outcome(of: envelope, dead)
            }
            if isLast { return }
            do { try await Loop.sleep(for: Self.pause) } catch { return }
        }
    }

    /// Nil while it is not known.
    private func outcome(of envelope: Envelope, _ dead: [Envelope]) async -> Outcome? {
        if let again = dead.first(where: { $0.id.hasSameBytes(as: envelope.id) }) {
            failure = again.failure?.reason ?? "no reason"
            return .deadLettered
        }
        guard let id = CorrelationID(envelope.correlationID),
            let recorded = try? await lookup.find(.workflow(id)), let status = recorded.status,
            status != .failed
        else { return nil }
        if queue == .accepted { return .status(status) }
        // The message is done when its owner has the outcome.
        let delivered = try? await copies.read(id, owner: recorded.customer).delivered
        return delivered?.contains { $0.status == status } == true ? .status(status) : nil
    }

    private var failedAgain: Int { outcomes.values.count { $0 == .deadLettered } }
    private var succeeded: Int { outcomes.count - failedAgain }

    var json: JSONValue {
        let list = replayed.map { envelope in
            let outcome = outcomes[ByteString(envelope.id)]
            return JSONValue.object([
                .init("id", .string(envelope.id)), .init("correlationId", .string(envelope.correlationID)),
                .init("outcome", outcome.map { .string($0.text) } ?? .null),
            ])
        }
        return .object([
            .init("id", .number(String(id))), .init("queue", .string(queue.rawValue)),
            .init("phase", .string(phase.rawValue)), .init("wanted", .number(String(names.count))),
            .init("replayed", .number(String(replayed.count))),
            .init("succeeded", .number(String(succeeded))),
            .init("failedAgain", .number(String(failedAgain))),
            .init("problem", problem.map { .string($0) } ?? .null), .init("outcomes", .array(list)),
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
