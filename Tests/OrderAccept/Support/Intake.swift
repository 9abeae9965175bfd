import EventLoop
import MemoryAdapters
import Observability
import OrderEvents
import Orders
import TestSupport
import WorkflowState

@testable import OrderAccept

/// Intake over ports in memory.
@Loop
final class Intake {
    let catalogue = FixedCatalogue()
    let identifiers = CountedIdentifiers()
    let memory = MemoryState()
    let workflows: FaultyWorkflows
    let publisher = ScriptedPublisher()
    let queries = MemoryOrderQueries()
    let keys: FaultyIdempotencyStore
    let compensations: CompensationQueue
    let accept: AcceptOrder
    let placement: IdempotentOrderPlacement

    static let user = UserID("CUST-1")!
    static let stranger = UserID("CUST-2")!

    init() {
        workflows = FaultyWorkflows(memory)
        accept = AcceptOrder(
            catalogue: catalogue, identifiers: identifiers, state: workflows, publisher: publisher,
            clock: { Timestamp(milliseconds: 1_767_225_600_123) })
        keys = FaultyIdempotencyStore(memory)
        compensations = CompensationQueue(
            state: workflows, keys: keys, backoff: Backoff(base: .zero, cap: .milliseconds(1)))
        placement = IdempotentOrderPlacement(accept, keys: keys, compensations: compensations)
    }

    static func request(_ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]) throws -> OrderRequest {
        try OrderRequest(
            checking: lines.map { UncheckedLine(productID: $0.key, quantity: .number(Int64($0.value))) })
    }

    @discardableResult
    func place(_ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]) async throws -> AcceptedOrder {
        let draft = try accept.draft(Self.request(lines), from: Self.user)
        try await accept.accept(
            draft, trace: .root(), cause: "r-1", budget: PlacementBudget(from: Loop.now))
        return draft
    }

    /// Runs ``compensations`` until there are none.
    func tieLooseEnds() async throws {
        let run = Loop.task { [compensations] in await compensations.run() }
        try await eventually("no loose ends") { compensations.count == 0 }
        run.cancel()
        await run.value
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

    /// What Redis knows of the order that was announced, or would have been.
    func status(of order: Order) async throws -> OrderStatus? {
        try await workflows.memory.workflow(order.correlationID)?.status.status
    }
}
