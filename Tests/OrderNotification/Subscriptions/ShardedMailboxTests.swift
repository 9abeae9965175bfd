import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderNotification

/// Mailboxes on several nodes, one of which is away: the users of the others notice nothing.
@Loop @Suite(.endsItsSessions, .timeLimit(.minutes(1))) struct ShardedMailboxTests {
    private let ada = UserID("ada")!
    private let bob = UserID("bob")!
    private let state = MemoryState()

    private func replica(_ mailboxes: ShardedMailboxes) throws -> Replica {
        try Replica(state, mailboxes: mailboxes)
    }

    @Test func othersConnectMeanwhile() async throws {
        let mailboxes = ShardedMailboxes(state)
        let replica = try replica(mailboxes)
        mailboxes.away = [ada]
        let (waiting, _) = replica.open("ada")
        let (live, _) = replica.open("bob")
        try await eventually("bob is welcome") { live.isLive }
        #expect(!waiting.isLive)
        mailboxes.away = []
        replica.subscriptions.tick()
        try await eventually("ada is welcome") { waiting.isLive }
    }

    @Test func othersAreToldMeanwhile() async throws {
        let mailboxes = ShardedMailboxes(state)
        let replica = try replica(mailboxes)
        let handler = OutcomeHandler(
            workflows: replica.workflows, mailboxes: mailboxes, owners: MemoryOrderOwners(),
            metrics: replica.metrics)
        var batch: [Received<OrderOutcome>] = []
        for (number, user) in [(1, ada), (2, bob)] {
            let update = update(number)
            try await replica.workflows.accept(
                Acceptance(
                    correlationID: update.correlationID, owner: user, orderID: update.orderID, pending: []))
            let outcome = OrderOutcome(
                correlationID: update.correlationID, orderID: update.orderID, status: update.status,
                occurredAt: update.occurredAt)
            let envelope = Envelope(
                id: "message-\(number)", correlationID: update.correlationID.description,
                type: "order.processed.v1", timestamp: 0, appID: "test")
            let token = InboundMessage.Token(tag: UInt64(number), generation: 1)
            batch.append(
                Received(
                    outcome, InboundMessage(envelope: envelope, body: [], isRedelivered: false, token: token))
            )
        }
        mailboxes.away = [ada]
        #expect(try await handler.handle(batch) == [.deferred, .deferred])
        // Alone, it would hold the queue up.
        #expect(try await handler.handle([batch[0]]) == [.deferred])
        #expect(try await handler.handleDeferred(batch[1]) == .done)
        await #expect(throws: HandlingError.self) { try await handler.handleDeferred(batch[0]) }
        mailboxes.away = []
        #expect(try await handler.handleDeferred(batch[0]) == .done)
        #expect(replica.metrics.delivered.value == 2)
    }
}

@Loop
private final class ShardedMailboxes: MailboxStore {
    private let store: MemoryMailboxStore
    private let state: MemoryState
    /// Users whose node is away.
    var away: Set<UserID> = []
    let isSharded = true

    init(_ state: MemoryState) {
        self.state = state
        store = MemoryMailboxStore(state)
    }

    private func check(_ users: [UserID]) throws(WorkflowStateError) {
        if !away.isDisjoint(with: users) { throw WorkflowStateError(.unavailable, isRetriable: true) }
    }

    func deliver(_ deliveries: [MailboxDelivery]) async throws(WorkflowStateError) -> [DeliveryOutcome] {
        try check(
            deliveries.compactMap { delivery in
                delivery.user
                    ?? state.text(WorkflowKeys.plain.owner(delivery.update.correlationID)).flatMap {
                        UserID(String(decoding: $0, as: UTF8.self))
                    }
            })
        return try await store.deliver(deliveries)
    }

    func history(_ requests: [HistoryRequest]) async throws(WorkflowStateError) -> [History] {
        try check(requests.map(\.user))
        return try await store.history(requests)
    }
}
