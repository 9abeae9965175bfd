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
final class CompensationQueue {
    private struct Compensation {
        var order: Order?
        var lease: IdempotencyLease?
        var until: Instant
    }

    /// Well below an idempotency key's lease: who takes the key over afterwards may accept the order, and must
    /// not find it cancelled then.
    static let expiry = Duration.seconds(20)
    static let limit = 4096

    private let state: any WorkflowStore
    private let keys: any IdempotencyStore
    private let backoff: Backoff
    private var entries: [Compensation] = []
    private var position = 0
    private var waiter: LoopContinuation<Void>?
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

    var count: Int { entries.count - position }

    func register(_ metrics: Metrics) {
        metrics.gauge("waybill_compensations_pending", "Orders and keys that Redis is to be told of when it answers.") {
            Double(self.count)
        }
        metrics.counter("waybill_compensations_dropped_total", "Those for which there was no room.") {
            Double(self.dropped)
        }
    }

    /// - Parameters:
    ///   - order: to be cancelled, unless somebody works on it.
    ///   - lease: to be let go then, and not before: no late cancellation may meet who goes on with the order.
    func add(cancelling order: Order?, releasing lease: IdempotencyLease?) {
        guard order != nil || lease != nil else { return }
        guard count < Self.limit else {
            dropped += 1
            return
        }
        entries.append(Compensation(order: order, lease: lease, until: Loop.now + Self.expiry))
        wake()
    }

    /// Works until the task is cancelled.
    func run() async {
        var backoff = backoff
        while !Task.isCancelled {
            guard let end = next() else {
                await more()
                continue
            }
            do throws(WorkflowStateError) {
                try await perform(end)
                backoff.reset()
                position += 1
            } catch {
                guard error.isRetriable else {
                    position += 1
                    continue
                }
                try? await Loop.sleep(for: backoff.next())
            }
        }
    }

    private func perform(_ end: Compensation) async throws(WorkflowStateError) {
        if let order = end.order { _ = try await state.advance([.cancelling(order)]) }
        if let lease = end.lease { try await keys.expire(lease) }
    }

    /// The first that is not too late.
    private func next() -> Compensation? {
        while position < entries.count {
            if Loop.now < entries[position].until { return entries[position] }
            position += 1
        }
        entries.removeAll()
        position = 0
        return nil
    }

    private func more() async {
        await withTaskCancellationHandler {
            await Loop.suspend { resumption in
                if Task.isCancelled || count > 0 { return resumption.resume() }
                waiter = resumption
            }
        } onCancel: {
            Task { @Loop in wake() }
        }
    }

    private func wake() { waiter.take()?.resume() }
}
