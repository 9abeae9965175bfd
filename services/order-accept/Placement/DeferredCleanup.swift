import EventLoop
import WorkflowState

/// Removes from Redis what a refused request has left there, for half a minute if need be; then it expires.
@Loop
final class DeferredCleanup {
    private let tasks = TaskTracker()

    private static let time = Duration.seconds(30)
    private static let limit = 1024

    func start(_ cleanup: @escaping @Loop () async throws(WorkflowStateError) -> Void) {
        guard tasks.count < Self.limit else { return }
        tasks.start {
            let backoff = Backoff(base: .milliseconds(50), cap: .seconds(2))
            await Loop.retry(backoff, until: Loop.now + Self.time) { _ in
                do throws(WorkflowStateError) { try await cleanup() } catch { return !error.isRetriable }
                return true
            }
        }
    }
}
