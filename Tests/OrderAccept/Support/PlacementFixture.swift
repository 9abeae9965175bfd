import EventLoop
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import Orders
import TestSupport
import WorkflowState

@testable import OrderAccept

/// Placement of orders over in-memory ports.
@Loop
final class PlacementFixture {
    let catalogue = FixedCatalogue()
    let identifiers = CountedIdentifiers()
    let memory = MemoryState()
    let workflows: FaultyWorkflows
    let sender = ScriptedSender()
    let publisher: EventPublisher
    let queries = MemoryOrderQueries()
    let keys: FaultyIdempotencyStore
    let intake = MemoryIntake()
    let recent = RecentOrders()
    let pending: PendingOrders
    let accept: AcceptOrder
    let placement: IdempotentOrderPlacement

    static let user = UserID("CUST-1")!
    static let otherUser = UserID("CUST-2")!

    init() {
        workflows = FaultyWorkflows(memory)
        pending = PendingOrders(state: workflows, recent: recent)
        publisher = EventPublisher(sender, appID: "order-accept")
        accept = AcceptOrder(
            catalogue: catalogue, identifiers: identifiers, state: workflows, publisher: publisher,
            intake: intake, recent: recent,
            clock: { Timestamp(milliseconds: 1_767_225_600_123) })
        keys = FaultyIdempotencyStore(memory)
        placement = IdempotentOrderPlacement(accept, keys: keys, queries: queries)
    }

    static func request(_ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]) throws -> OrderRequest {
        try OrderRequest(
            checking: lines.map { UncheckedLine(productID: $0.key, quantity: .number(Int64($0.value))) })
    }

    @discardableResult
    func place(
        _ lines: KeyValuePairs<String, Int> = ["AZ-104": 2], key: String? = nil
    ) async throws -> AcceptedOrder {
        try await accept.accept(
            Self.request(lines), from: Self.user, key: key, trace: .root(), cause: "r-1")
    }

    /// The failure of a placement that must fail.
    func failure() async throws -> PlacementError {
        do {
            try await place()
        } catch let error as PlacementError {
            return error
        }
        throw Accepted()
    }

    struct Accepted: Error {}

    /// The status of an order in Redis.
    func status(of order: Order) async throws -> OrderStatus? {
        try await workflows.memory.workflow(order.correlationID)?.status.status
    }
}
