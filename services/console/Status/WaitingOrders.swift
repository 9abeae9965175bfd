import EventLoop
import Orders
import Redis
import WorkflowState

/// Orders that are accepted and not recorded yet, as Redis lists them.
@Loop
struct WaitingOrders {
    /// Of each list, for the age of the oldest.
    private static let read = 256

    private let client: any RedisCommands

    init(_ client: any RedisCommands) { self.client = client }

    /// The age of the oldest among the first ones of each list.
    func backlog(now: Int64) async throws(RedisError) -> SystemState.Backlog {
        let keys = WorkflowKeys(isTagged: client.isCluster).queued
        let replies: [RedisValue] = try await client.pipeline { batch in
            for key in keys {
                batch.add("ZCARD", key)
                batch.add("ZRANGE", key, 0, Self.read - 1)
            }
        }
        var backlog = SystemState.Backlog(count: 0, age: 0)
        for place in stride(from: 0, to: replies.count, by: 2) {
            let (count, list) = (try replies[place].get(), try replies[place + 1].get())
            backlog.count += count.integer ?? 0
            for text in (list.array ?? []).compactMap(\.string) {
                guard let accepted = WorkflowKeys.order(ofMember: text)?.correlationID.timestamp else {
                    continue
                }
                backlog.age = max(backlog.age, Int(now - accepted.milliseconds))
            }
        }
        return backlog
    }
}
