internal import EventLoop
internal import Orders
internal import Postgres

/// Marks events as published.
///
/// Marks are written with the next batch's transaction, which saves a round trip and a commit per batch; without a
/// batch they are written after a delay that is shorter than the outbox relay's minimum age.
@Loop
final class PublishAcknowledger {
    private let pool: PostgresPool
    private var pending: [EventKey] = []
    private lazy var timer = Timer { [weak self] in self?.flushSoon() }
    private var flushing: Task<Void, Never>?

    private static let delay = Duration.milliseconds(200)
    /// Pending marks while the database is unavailable. Events beyond it are published again.
    private static let limit = 16_384

    init(_ pool: PostgresPool) { self.pool = pool }

    func add(_ events: [EventKey]) {
        pending.append(contentsOf: events.prefix(max(0, Self.limit - pending.count)))
        if !pending.isEmpty, !timer.isArmed { timer.arm(after: Self.delay) }
    }

    /// Removes the pending marks, which the caller writes or adds again.
    func removePending() -> [EventKey] {
        timer.cancel()
        defer { pending = [] }
        return pending
    }

    func flush() async {
        await flushing?.value
        let events = removePending()
        if events.isEmpty { return }
        do throws(PostgresError) {
            try await pool.pipeline { Self.add(events, to: &$0) }
        } catch {
            add(events)
        }
    }

    private func flushSoon() {
        guard flushing == nil else { return timer.arm(after: Self.delay) }
        flushing = Loop.task { [self] in
            let events = removePending()
            do throws(PostgresError) {
                if !events.isEmpty { try await pool.pipeline { Self.add(events, to: &$0) } }
            } catch {
                add(events)
            }
            flushing = nil
        }
    }

    static func add(_ events: [EventKey], to batch: inout PostgresBatch) {
        batch.add(
            OrderStoreStatements.markPublished, events.map(\.orderID.value), events.map { Int32($0.version) })
    }
}
