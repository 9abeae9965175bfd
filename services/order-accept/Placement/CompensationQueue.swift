import EventLoop
import Observability
import Orders
import WorkflowState

/// Writes to Redis that failed during a request and are repeated once Redis is available: the cancellation of an order
/// whose publish is unknown, and the release of an idempotency key.
///
/// Best effort, in memory: an order that is not cancelled in time is processed, and its client was told that the outcome
/// is unknown; a key that is not released is free when its lease expires.
@Loop
final class CompensationQueue: Service {
    private struct Compensation {
        var order: Order?
        var lease: IdempotencyLease?
        var expiry: Instant
    }

    /// Well below an idempotency key's lease: a process that takes the key over may accept the order, which must not be
    /// cancelled afterwards.
    static let lifetime = Duration.seconds(20)
    static let limit = 4096

    private let state: any WorkflowStore
    private let keys: any IdempotencyStore
    private let backoff: Backoff
    private var entries = Deque<Compensation>()
    /// Set while there are entries.
    private let pending = AsyncSignal()
    /// Entries refused because the queue was full.
    private(set) var dropped = 0

    init(
        state: any WorkflowStore, keys: any IdempotencyStore,
        backoff: Backoff = Backoff(base: .milliseconds(50), cap: .seconds(1))
    ) {
        self.state = state
        self.keys = keys
        self.backoff = backoff
    }

    var count: Int { entries.count }

    /// - Parameters:
    ///   - order: is cancelled unless it is in processing.
    ///   - lease: is released afterwards, so that no late cancellation meets the next owner of the key.
    func add(cancelling order: Order?, releasing lease: IdempotencyLease?) {
        guard order != nil || lease != nil else { return }
        guard count < Self.limit else {
            dropped += 1
            return
        }
        entries.append(Compensation(order: order, lease: lease, expiry: Loop.now + Self.lifetime))
        pending.set()
    }

    /// Works until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            guard let next = entries.first else {
                pending.reset()
                await pending.wait()
                continue
            }
            await Loop.retry(backoff, until: next.expiry) { _ in await perform(next) }
            entries.popFirst()
        }
    }

    /// - Returns: false when it can be tried again.
    private func perform(_ compensation: Compensation) async -> Bool {
        guard Loop.now < compensation.expiry else { return true }
        do throws(WorkflowStateError) {
            if let order = compensation.order { _ = try await state.advance([.cancelling(order)]) }
            if let lease = compensation.lease { try await keys.expire(lease) }
            return true
        } catch {
            return !error.isRetriable
        }
    }
}
