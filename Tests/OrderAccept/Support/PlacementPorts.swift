import Bytes
import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import Orders
import WorkflowState

@testable import OrderAccept

@Loop
final class FixedCatalogue: CatalogueSource {
    var current: Catalogue?
    /// Products that the next read finds.
    var added: [Product] = []
    private var products: [Product]

    init() {
        products = [
            Self.product("AZ-104", 14_095), Self.product("AZ-900", 30_195),
            Self.product("US-1", 100, Currency("USD") ?? .euro),
        ]
        current = Catalogue(products)
    }

    func refresh(within limit: Duration) async -> Bool {
        if added.isEmpty { return false }
        products += added
        added = []
        current = Catalogue(products)
        return true
    }

    static func product(_ id: String, _ hundredths: Int64, _ currency: Currency = .euro) -> Product {
        Product(
            externalProductID: ProductID(id), name: "Name of \(id)", category: "Cloud", vendor: "Vendor",
            imageURL: "/\(id).svg", discount: 10, billingPeriod: .annual, isSubscription: true,
            price: Money(hundredths: hundredths), currency: currency)
    }
}

@Loop
final class CountedIdentifiers: OrderIDSource {
    var left = 1_000
    private var last: Int64 = 0

    func next() -> OrderID? {
        guard left > 0 else { return nil }
        left -= 1
        last += 1
        return OrderID(last)
    }
}

/// A sender with scripted failures, then with success.
@Loop
final class ScriptedSender: MessageSender {
    var failures: [MessagingError?] = []
    /// Runs before each answer, as what happens in the meantime.
    var meanwhile: @Loop (OutboundMessage) async -> Void = { _ in }
    private(set) var sent: [OutboundMessage] = []

    func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
        sent.append(message)
        await meanwhile(message)
        if let failure = failures.isEmpty ? nil : failures.removeFirst() { throw failure }
    }

    func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
        messages.map { _ in MessagingError(.unavailable, "not scripted") }
    }
}

/// A store of which single calls fail.
@Loop
class FaultyStore<Call: Hashable> {
    var faults: [Call: WorkflowStateError] = [:]
    /// Whether a call that fails is carried out all the same.
    var failsAfterwards = false
    private(set) var calls: [Call] = []

    func run<Answer>(
        _ call: Call, _ body: () async throws(WorkflowStateError) -> Answer
    ) async throws(WorkflowStateError) -> Answer {
        calls.append(call)
        guard let fault = faults[call] else { return try await body() }
        if failsAfterwards { _ = try await body() }
        throw fault
    }
}

enum WorkflowCall: Hashable { case accept, withdraw, advance, workflow, pending, list, forget, queued }

final class FaultyWorkflows: FaultyStore<WorkflowCall>, WorkflowStore {
    let memory: MemoryWorkflowStore

    init(_ state: MemoryState) { memory = MemoryWorkflowStore(state) }

    func accept(_ acceptance: Acceptance) async throws(WorkflowStateError) {
        try await run(.accept) { () throws(WorkflowStateError) in try await memory.accept(acceptance) }
    }

    func withdraw(_ order: QueuedOrder) async throws(WorkflowStateError) {
        try await run(.withdraw) { () throws(WorkflowStateError) in try await memory.withdraw(order) }
    }

    func advance(_ steps: [WorkflowStep]) async throws(WorkflowStateError) -> [WorkflowOutcome] {
        try await run(.advance) { () throws(WorkflowStateError) in try await memory.advance(steps) }
    }

    func workflow(_ id: CorrelationID) async throws(WorkflowStateError) -> Workflow? {
        try await run(.workflow) { () throws(WorkflowStateError) in try await memory.workflow(id) }
    }

    func owners(of ids: [CorrelationID]) async throws(WorkflowStateError) -> [RememberedOwner?] {
        try await memory.owners(of: ids)
    }

    func pending(_ id: OrderID, of user: UserID) async throws(WorkflowStateError) -> [UInt8]? {
        try await run(.pending) { () throws(WorkflowStateError) in try await memory.pending(id) }
    }

    func pending(
        of user: UserID, limit: Int
    ) async throws(WorkflowStateError) -> [PendingOrderState] {
        try await run(.list) { () throws(WorkflowStateError) in
            try await memory.pending(of: user, limit: limit)
        }
    }

    func copies(of orders: [QueuedOrder]) async throws(WorkflowStateError) -> [OrderCopies] {
        try await memory.copies(of: orders)
    }

    func forget(_ order: QueuedOrder, isCancelled: Bool) async throws(WorkflowStateError) {
        try await run(.forget) { () throws(WorkflowStateError) in
            try await memory.forget(order, isCancelled: isCancelled)
        }
    }

    func queued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> [QueuedOrder] {
        try await run(.queued) { () throws(WorkflowStateError) in
            try await memory.queued(after: last, limit: limit)
        }
    }

    func renewQueued(
        after last: QueuedOrder?, limit: Int
    ) async throws(WorkflowStateError) -> QueuedOrder? {
        try await memory.renewQueued(after: last, limit: limit)
    }
}

/// An intake table with scripted failures.
@Loop
final class MemoryIntake: OrderIntake {
    var isAvailable = true
    /// When set, every call fails with it.
    var failure: OrderIntakeError?
    /// Called when an order's key is another's.
    var onTakenKey: (@Loop () -> Void)?
    private(set) var orders: [IntakeOrder] = []

    func take(_ order: IntakeOrder) async throws(OrderIntakeError) {
        guard isAvailable else { throw OrderIntakeError(reason: "unavailable", isOutcomeUnknown: false) }
        if let failure { throw failure }
        if let key = order.idempotencyKey,
            orders.contains(where: {
                $0.customer == order.customer && $0.idempotencyKey?.hasSameBytes(as: key) == true
                    && $0.correlationID != order.correlationID
            })
        {
            onTakenKey?()
            throw .keyTaken
        }
        orders.append(order)
    }
}

extension WorkflowStateError {
    static let away = WorkflowStateError(.unavailable, isRetriable: true)
    static let late = WorkflowStateError(.unavailable, isRetriable: true, outcomeIsUnknown: true)
    static let refused = WorkflowStateError(.unusable, isRetriable: false)
}

extension MessagingError {
    static let away = MessagingError(.unavailable)
    static let lost = MessagingError(.unknownOutcome)
}

extension OutboundMessage {
    /// The event in the body; nil when it is another one.
    var event: OrderAccepted? { try? OrderAccepted(decoding: body.span) }
}
