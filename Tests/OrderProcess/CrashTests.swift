import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderProcess

/// Whatever step a process dies at, running the batch again from the start ends in the same state as if
/// nothing had happened.
@Suite struct CrashTests {
    /// The calls that the use case makes to the outside, in order; the process dies before or after one.
    @Loop
    final class FaultInjector {
        enum Point: Hashable, CaseIterable { case before, after }

        struct InjectedFault: Error {}

        private(set) var calls = 0
        private let fatal: Int?
        private let point: Point

        init(at fatal: Int? = nil, _ point: Point = .before) {
            self.fatal = fatal
            self.point = point
        }

        func around<Value>(_ body: @Loop () async throws -> Value) async throws -> Value {
            defer { calls += 1 }
            if fatal == calls, point == .before { throw InjectedFault() }
            let value = try await body()
            if fatal == calls, point == .after { throw InjectedFault() }
            return value
        }
    }

    @Loop
    final class FaultInjectingStore: OrderStore {
        private let store: MemoryOrderStore
        private let faults: FaultInjector
        /// Marks live in memory for a moment: a crash takes them away.
        private let losesMarks: Bool

        init(_ store: MemoryOrderStore, _ faults: FaultInjector, losesMarks: Bool) {
            self.store = store
            self.faults = faults
            self.losesMarks = losesMarks
        }

        func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?] {
            do {
                return try await faults.around { try await store.record(records) }
            } catch {
                throw OrderRecordsError(.unavailable, "faults")
            }
        }

        func markPublished(_ events: [EventKey]) { if !losesMarks { store.markPublished(events) } }

        func currencies() async throws(OrderRecordsError) -> [ProductID: Currency] {
            try await store.currencies()
        }
    }

    @Loop
    final class FaultInjectingSender: MessageSender {
        private let sender: RecordingSender
        private let faults: FaultInjector

        init(_ sender: RecordingSender, _ faults: FaultInjector) {
            self.sender = sender
            self.faults = faults
        }

        func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
            do {
                return try await faults.around { await sender.send(messages, within: limit) }
            } catch {
                return messages.map { _ in MessagingError(.unknownOutcome) }
            }
        }

        func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
            if let error = await send([message], within: limit)[0] { throw error }
        }
    }

    @Loop
    final class FaultInjectingWorkflow: WorkflowStore {
        private let store: MemoryWorkflowStore
        private let faults: FaultInjector

        init(_ store: MemoryWorkflowStore, _ faults: FaultInjector) {
            self.store = store
            self.faults = faults
        }

        func advance(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome] {
            do {
                return try await faults.around { try await store.advance(steps) }
            } catch {
                throw WorkflowStateError(.unavailable, isRetriable: true)
            }
        }

        func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
            try await store.accept(acceptance)
        }
        func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError) {
            try await store.withdraw(order)
        }
        func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow? {
            try await store.workflow(id)
        }
        func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [RememberedOwner?] {
            try await store.owners(of: ids)
        }
        func pending(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> [UInt8]? {
            try await store.pending(id, of: user)
        }
        func pending(
            of user: UserID, limit: Int
        ) async throws(WorkflowStateError) -> [PendingOrderState] {
            try await store.pending(of: user, limit: limit)
        }
        func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies] {
            try await store.copies(of: orders)
        }
        func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError) {
            try await store.forget(order, isCancelled: isCancelled)
        }
        func queued(
            after last: QueuedOrder?, limit: Int
        ) async throws(WorkflowStateError) -> [QueuedOrder] {
            try await store.queued(after: last, limit: limit)
        }
        func renewQueued(
            after last: QueuedOrder?, limit: Int
        ) async throws(WorkflowStateError) -> QueuedOrder? {
            try await store.renewQueued(after: last, limit: limit)
        }
    }

    /// Everything that can be seen of the orders afterwards.
    struct Outcome: Equatable {
        var statuses: [String?]
        var owners: [UserID?]
        var recorded: [OrderStatus?]
        var versions: [Int?]
        var events: Set<String>
        var pending: Int
    }

    /// Order 2 was cancelled, order 3 dead-lettered and reported, order 4 never existed in Redis, 5 expired.
    @Loop
    static func prepare(_ fixture: Fixture, _ orders: [OrderAccepted]) async throws {
        for order in orders where order.orderID.value != 4 { try await fixture.accept(order) }
        try await fixture.cancel(orders[1])
        try await fixture.process.deadLettered(Sample.deadLettered(orders[2], "why"))
    }

    @Loop
    static func run(_ fixture: Fixture, _ orders: [OrderAccepted], _ faults: FaultInjector, losesMarks: Bool)
        async throws
    {
        let process = ProcessOrders(
            store: FaultInjectingStore(fixture.store, faults, losesMarks: losesMarks),
            workflow: FaultInjectingWorkflow(fixture.workflow, faults),
            publisher: EventPublisher(FaultInjectingSender(fixture.sender, faults), appID: "order-process"),
            metrics: ProcessingMetrics(Metrics()), events: EventFactory { Sample.time.milliseconds })
        _ = try await process.handle(orders.map { Sample.received($0) })
    }

    @Loop
    static func outcome(_ fixture: Fixture, _ orders: [OrderAccepted]) async throws -> Outcome {
        // What the relay does with what a crash left.
        let relay = OutboxRelay(
            fixture.store, EventPublisher(fixture.sender, appID: "order-process"), after: AsyncSignal(),
            log: nil, metrics: Metrics())
        while try await relay.sweep() {}
        var outcome = Outcome(statuses: [], owners: [], recorded: [], versions: [], events: [], pending: 0)
        for order in orders {
            outcome.statuses.append(try await fixture.status(order))
            outcome.recorded.append(fixture.store.orders[order.correlationID]?.status)
            outcome.versions.append(fixture.store.orders[order.correlationID]?.events.count)
            if try await fixture.workflow.pending(order.orderID) != nil { outcome.pending += 1 }
            #expect(fixture.store.orders[order.correlationID]?.published == [1, 2])
        }
        outcome.owners = try await fixture.workflow.owners(of: orders.map(\.correlationID)).map(\.?.user)
        outcome.events = Set(fixture.sender.events)
        // However often a message was sent, it was the same message.
        #expect(outcome.events.count == fixture.sender.events.count)
        return outcome
    }

    @Test(arguments: [false, true])
    @Loop func everyPointOfACrash(losesMarks: Bool) async throws {
        let orders = (1...5).map { Sample.order($0) }
        let undisturbed = Fixture()
        try await Self.prepare(undisturbed, orders)
        let counting = FaultInjector()
        try await Self.run(undisturbed, orders, counting, losesMarks: false)
        let expected = try await Self.outcome(undisturbed, orders)
        #expect(counting.calls == 4)
        #expect(
            expected.statuses == ["COMPLETED|1", "CANCELLED|2", "FAILED|3", "COMPLETED|4", "COMPLETED|5"])

        for first in 0..<counting.calls {
            for point in FaultInjector.Point.allCases {
                for second in 0...counting.calls {
                    let fixture = Fixture()
                    try await Self.prepare(fixture, orders)
                    // A fault in PostgreSQL ends the batch; the others leave work to the relay and the delivery.
                    try? await Self.run(
                        fixture, orders, FaultInjector(at: first, point), losesMarks: losesMarks)
                    try? await Self.run(
                        fixture, orders, FaultInjector(at: second, point), losesMarks: losesMarks)
                    try await Self.run(fixture, orders, FaultInjector(), losesMarks: losesMarks)
                    let outcome = try await Self.outcome(fixture, orders)
                    #expect(outcome == expected, "\(first) \(point), then \(second)")
                }
            }
        }
    }

    /// Batches of any cut, repeated, reordered, with Redis emptied in between: one record and one event each.
    @Test(arguments: 0..<50)
    @Loop func anyMixOfDeliveries(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = Fixture()
        let orders = (1...12).map { Sample.order($0) }
        for order in orders { try await fixture.accept(order) }
        var isLossy = false
        for _ in 0..<Int.random(in: 3...10, using: &random) {
            let batch = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                orders.randomElement(using: &random)!
            }
            let faults = FaultInjector(
                at: .random(in: 0...4, using: &random), Bool.random(using: &random) ? .before : .after)
            try? await Self.run(fixture, batch, faults, losesMarks: .random(using: &random))
            if Int.random(in: 0..<6, using: &random) == 0 {
                fixture.state.flush()
                isLossy = true
            }
        }
        try await Self.run(fixture, orders, FaultInjector(), losesMarks: false)
        let outcome = try await Self.outcome(fixture, orders)
        #expect(outcome.statuses == orders.map { "COMPLETED|\($0.orderID)" })
        #expect(outcome.owners == orders.map(\.customer))
        #expect(outcome.versions.allSatisfy { $0 == 2 })
        #expect(outcome.events.count == orders.count)
        #expect(outcome.pending == 0 || isLossy)
    }
}
