internal import EventLoop
internal import Orders
internal import Postgres

/// Events that are published and not yet marked so.
///
/// Marks ride along with the next batch's transaction, which saves a round trip and a commit a batch; when
/// none comes they are written after a moment, before the relay would take an interest.
@Loop
final class PublishAcknowledger {
    private let pool: PostgresPool
    private var pending: [EventKey] = []
    private lazy var timer = Timer { [weak self] in self?.flushSoon() }
    private var flushing: Task<Void, Never>?

    private static let delay = Duration.milliseconds(200)
    /// While the database is away. What is beyond is published again.
    private static let limit = 16_384

    init(_ pool: PostgresPool) { self.pool = pool }

    func add(_ events: [EventKey]) {
        pending.append(contentsOf: events.prefix(max(0, Self.limit - pending.count)))
        if !pending.isEmpty, !timer.isArmed { timer.arm(after: Self.delay) }
    }

    /// Hands them out, to be written by the caller or put back.
    func take() -> [EventKey] {
        timer.cancel()
        defer { pending = [] }
        return pending
    }

    func putBack(_ events: [EventKey]) { add(events) }

    func flush() async {
        await flushing?.value
        let events = take()
        if events.isEmpty { return }
        do throws(PostgresError) {
            try await pool.pipeline { Self.add(events, to: &$0) }
        } catch {
            putBack(events)
        }
    }

    private func flushSoon() {
        guard flushing == nil else { return timer.arm(after: Self.delay) }
        flushing = Loop.task { [self] in
            let events = take()
            do throws(PostgresError) {
                if !events.isEmpty { try await pool.pipeline { Self.add(events, to: &$0) } }
            } catch {
                putBack(events)
            }
            flushing = nil
        }
    }

    static func add(_ events: [EventKey], to batch: inout PostgresBatch) {
        batch.add(
            RecordStatements.markPublished, events.map(\.orderID.value), events.map { Int32($0.version) })
    }
}
