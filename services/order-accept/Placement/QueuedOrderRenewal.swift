import EventLoop
import WorkflowState

/// Renews the copies of orders that wait in a long queue, so that they do not expire before the orders are recorded.
@Loop
final class QueuedOrderRenewal: Service {
    private let state: any WorkflowStore
    private let interval: Duration

    private static let step = 256

    /// - Parameter lifetime: of the copies.
    init(_ state: any WorkflowStore, lifetime: Duration) {
        self.state = state
        interval = lifetime / 4
    }

    /// Works at random intervals, so that replicas take turns.
    func run() async throws {
        while true {
            try await Loop.sleep(for: interval / 2 + (interval / 2).jittered)
            await renew()
        }
    }

    func renew() async {
        var last: QueuedOrder?
        repeat {
            last = try? await state.renewQueued(after: last, limit: Self.step)
        } while last != nil
    }
}
