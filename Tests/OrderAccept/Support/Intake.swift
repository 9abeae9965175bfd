import EventLoop
import Observability
import OrderEvents
import Orders
import Testing
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
    let archive = MemoryArchive()
    let accept: AcceptOrder

    static let user = UserID("CUST-1")!
    static let stranger = UserID("CUST-2")!

    init() {
        workflows = FaultyWorkflows(memory)
        accept = AcceptOrder(
            catalogue: catalogue, identifiers: identifiers, state: workflows, publisher: publisher,
            clock: { Timestamp(milliseconds: 1_767_225_600_123) })
    }

    static func request(_ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]) throws -> OrderRequest {
        try OrderRequest(
            checking: lines.map { UncheckedLine(productID: $0.key, quantity: .number(Int64($0.value))) })
    }

    @discardableResult
    func place(_ lines: KeyValuePairs<String, Int> = ["AZ-104": 2]) async throws -> AcceptedOrder {
        let draft = try accept.draft(Self.request(lines), from: Self.user)
        try await accept.accept(
            draft, trace: .root(), cause: "r-1", budget: IntakeBudget(from: Loop.now))
        return draft
    }

    /// The failure of a placement that must fail.
    func failure() async throws -> IntakeFailure {
        do {
            try await place()
        } catch let error as IntakeFailure {
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
