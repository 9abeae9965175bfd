import EventLoop
import Orders
import Redis
import WorkflowState

@Loop func workflowStateExample() async throws {
    let client = RedisClient(try RedisConfiguration(url: "redis://127.0.0.1:6379/0"))
    let running = Loop.task { await client.run() }
    let workflows = RedisWorkflowStore(client)
    let mailboxes = RedisMailboxStore(client)
    guard let id = CorrelationID("0197c9a1-7b60-7c11-8d2e-3f4a5b6c7d8e"), let order = OrderID(1042),
        let user = UserID("CUST-0001")
    else { return }

    try await workflows.accept(
        Acceptance(correlationID: id, owner: user, orderID: order, pending: Array("{}".utf8)))
    let step = WorkflowStep(.completed, correlationID: id, orderID: order, owner: user)
    let outcome = try await workflows.advance([step])[0]
    if let status = outcome.status { print(status, outcome.moved) }

    let unknown = MailboxPosition(epoch: .random(), offset: MailboxPosition.largest)
    let start = try await mailboxes.history([HistoryRequest(user, after: unknown)])[0].end
    let update = StatusUpdate(
        correlationID: id, orderID: order, status: .completed,
        occurredAt: Timestamp(milliseconds: WallClock.milliseconds()))
    _ = try await mailboxes.deliver([MailboxDelivery(to: user, update)])
    let history = try await mailboxes.history([HistoryRequest(user, after: start)])[0]
    print(history.entries.count, history.isRecovered)

    client.close()
    await running.value
}
