import EventLoop
import Observability
import Orders
import WorkflowState

/// What Redis could not be told while a request lasted, and is told as soon as it answers again: that an order
/// which the broker may have is cancelled, and that nobody is at work for an idempotency key.
///
/// Best effort, in memory: an order that is not cancelled in time is carried out, of which its client was told
/// that it is not known; a key that is not let go is free when its lease runs out.
@Loop
final class CompensationQueue: Service {
    private struct Compensation {
        var order: Order?
        var lease: IdempotencyLease?
        var expiry: Instant
    }

    /// Well below an idempotency key's lease: who takes the key over afterwards may accept the order, and must
    /// not find it cancelled then.
    static let lifetime = Duration.seconds(20)
    static let limit = 4096

    private let state: any WorkflowStore
    private let keys: any IdempotencyStore
    private let backoff: Backoff
    private var entries = Deque<Compensation>()
    /// Set while there are entries.
    private let pending = AsyncSignal()
    /// Of those that found no room.
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
    ///   - order: to be cancelled, unless somebody works on it.
    ///   - lease: to be let go then, and not before: no late cancellation may meet who goes on with the order.
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
