import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import WorkflowState

@testable import OrderProcess

/// Orders and events for tests.
enum Sample {
    static let time = Timestamp(milliseconds: 1_767_225_600_123)
    static let products: [ProductID: Currency] = ["AZ-104": .euro, "AZ-900": .euro]

    static func correlationID(_ number: Int) -> CorrelationID {
        CorrelationID(unixMilliseconds: 1_767_225_600_000, randomA: 1, randomB: UInt64(number))
    }

    static func order(
        _ number: Int, id: Int64? = nil, product: ProductID = "AZ-104", key: String? = nil,
        customer: Int? = nil
    ) -> OrderAccepted {
        OrderAccepted(
            Order(
                id: OrderID(id ?? Int64(number))!, correlationID: correlationID(number),
                customer: UserID("CUST-\((customer ?? number) % 3)")!, createdAt: time, status: .accepted,
                total: .zero,
                currency: .euro,
                lines: [
                    OrderLine(
                        productID: product, productName: "", imageURL: "",
                        unitPrice: Money(hundredths: 14_095), quantity: 2)
                ]), idempotencyKey: key)
    }

    static func envelope(_ order: OrderAccepted) -> Envelope {
        Envelope(
            id: "message-\(order.orderID)", correlationID: order.correlationID.description,
            type: OrderEventType.accepted.rawValue, timestamp: 1_767_225_600, appID: "test")
    }

    static func deadLettered(_ order: OrderAccepted, _ reason: String) -> DeadLetter<OrderAccepted> {
        DeadLetter(envelope(order), order, body: order.encode(), reason: reason)
    }

    @Loop static func received(_ order: OrderAccepted, isReplay: Bool = false) -> Received<OrderAccepted> {
        var envelope = envelope(order)
        envelope.isReplay = isReplay
        return Received(
            order,
            InboundMessage(
                envelope: envelope, body: order.encode(), isRedelivered: false,
                token: InboundMessage.Token(tag: 1, generation: 1)))
    }
}

/// Records published messages, with scripted failures.
@Loop
final class RecordingSender: MessageSender {
    private(set) var sent: [OutboundMessage] = []
    /// Asked before each message.
    var fault: @Loop (OutboundMessage) -> MessagingError? = { _ in nil }

    func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
        messages.map { message in
            if let error = fault(message) { return error }
            sent.append(message)
            return nil
        }
    }

    func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        if let error = await send([message], within: limit)[0] { throw error }
    }

    /// Type and order of what was sent, without repetitions of the same message.
    var events: [String] {
        var seen: Set<String> = []
        return sent.compactMap { message in
            seen.insert(message.envelope.id).inserted
                ? "\(message.envelope.type) \(message.envelope.correlationID.suffix(1))" : nil
        }
    }
}

/// The use case on in-memory ports.
@Loop
final class Fixture {
    let state = MemoryState()
    let store = MemoryOrderStore(products: Sample.products)
    let sender = RecordingSender()
    let workflow: MemoryWorkflowStore
    private(set) var process: ProcessOrders

    /// - Parameter ticking: whether the clock advances with each reading.
    init(ticking: Bool = false) {
        workflow = MemoryWorkflowStore(state)
        process = Fixture.process(store, workflow, sender, ticking: ticking)
    }

    /// As another process would begin.
    func restart() { process = Fixture.process(store, workflow, sender) }

    func use(_ store: any OrderStore, _ workflow: any WorkflowStore) {
        process = Fixture.process(store, workflow, sender)
    }

    private static func process(
        _ store: any OrderStore, _ workflow: any WorkflowStore, _ sender: any MessageSender,
        ticking: Bool = false
    ) -> ProcessOrders {
        var now = Sample.time.milliseconds + 1
        return ProcessOrders(
            store: store, workflow: workflow, publisher: EventPublisher(sender, appID: "order-process"),
            metrics: ProcessingMetrics(Metrics()),
            events: EventFactory {
                if ticking { now += 1 }
                return now
            })
    }

    /// As order-accept leaves it.
    func accept(_ order: OrderAccepted) async throws {
        try await workflow.accept(
            Acceptance(
                correlationID: order.correlationID, owner: order.customer, orderID: order.orderID,
                pending: [1]))
    }

    /// As order-accept records a cancellation.
    func cancel(_ order: OrderAccepted) async throws {
        let event = OrderCancelled(
            correlationID: order.correlationID, orderID: order.orderID, cancelledAt: Sample.time)
        func logged(_ event: some OrderEvent) -> LoggedEvent {
            LoggedEvent(
                type(of: event).type, payload: event.encode(),
                metadata: EventMetadata(
                    messageID: "\(type(of: event).type.rawValue)-\(order.orderID)",
                    correlationID: order.correlationID),
                occurredAt: Sample.time)
        }
        _ = try await store.record([
            OrderRecord(
                order, .cancelled, currency: .euro, acceptance: logged(order), outcome: logged(event))!
        ])
    }

    func status(_ order: OrderAccepted) async throws -> String? {
        try await workflow.workflow(order.correlationID)?.status.text
    }

    func handle(_ orders: OrderAccepted...) async throws -> [HandlingResult] {
        try await process.handle(orders.map { Sample.received($0) })
    }
}
