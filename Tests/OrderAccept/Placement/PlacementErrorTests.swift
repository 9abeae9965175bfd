import EventLoop
import HTTP
import MemoryAdapters
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import Service
import TestSupport
import Testing
import WorkflowState

@testable import OrderAccept

/// Every way in which Redis, the broker and PostgreSQL can fail: where the order goes, and what is left of a refused one.
@Loop @Suite struct PlacementErrorTests {
    let fixture = PlacementFixture()

    enum Broker: CaseIterable, Sendable { case confirms, isAway, isSilent }
    enum Database: CaseIterable, Sendable { case takes, isAway, isSilent }

    /// All combinations: any one server away, and the order is accepted; refused means that nothing is left.
    @Test(arguments: [false, true], Broker.allCases)
    func everyCombination(isRedisAway: Bool, broker: Broker) async throws {
        for database in Database.allCases {
            let fixture = PlacementFixture()
            if isRedisAway { fixture.workflows.faults = [.accept: .away] }
            let failure: MessagingError? =
                switch broker {
                case .confirms: nil
                case .isAway: .away
                case .isSilent: .lost
                }
            fixture.sender.failures = Array(repeating: failure, count: 3)
            switch database {
            case .takes: break
            case .isAway: fixture.intake.isAvailable = false
            case .isSilent:
                fixture.intake.failure = OrderIntakeError(reason: "late", isOutcomeUnknown: true)
            }
            let outcome: PlacementError?
            do {
                try await fixture.place()
                outcome = nil
            } catch {
                outcome = error as? PlacementError
            }
            let normally = !isRedisAway && broker == .confirms
            if normally || database == .takes {
                #expect(outcome == nil)
                #expect(fixture.intake.orders.count == (normally ? 0 : 1))
            } else if database == .isSilent || (broker == .isSilent && !isRedisAway) {
                #expect(outcome == .inDoubt)
            } else {
                #expect(outcome == .refused)
                fixture.workflows.faults = [:]
                try await eventually("nothing is left") {
                    try await fixture.workflows.memory.pending(OrderID(1)!) == nil
                        && fixture.memory.queued.isEmpty
                }
            }
        }
    }

    @Test func theIntakeTableGetsTheMessage() async throws {
        fixture.sender.failures = [.away]
        let order = try await fixture.place(key: "k").order
        let taken = try #require(fixture.intake.orders.first)
        #expect(taken.orderID == order.id && taken.correlationID == order.correlationID)
        #expect(taken.idempotencyKey == "k" && taken.customer == order.customer)
        let sent = try #require(fixture.sender.sent.first)
        #expect(taken.payload == sent.body && taken.metadata.messageID == sent.envelope.id)
        #expect(taken.metadata.causationID == "r-1")
        #expect(try OrderAccepted(decoding: taken.payload.span).idempotencyKey == "k")
    }

    /// It goes on to the broker when PostgreSQL refuses its record, and then nobody else has it.
    @Test func whatTheIntakeTakesIsRemembered() async throws {
        fixture.workflows.faults = [.accept: .away]
        let order = try await fixture.place().order
        #expect(fixture.intake.orders.count == 1 && fixture.recent.acceptance(order.id) != nil)
    }

    /// The same message, so that it is one order if both got through.
    @Test func withoutPostgresTheBrokerIsTriedAgain() async throws {
        fixture.sender.failures = [.lost, nil]
        fixture.intake.failure = OrderIntakeError(reason: "away", isOutcomeUnknown: false)
        try await fixture.place()
        #expect(fixture.sender.sent.count == 2 && Set(fixture.sender.sent.map(\.envelope.id)).count == 1)
    }

    @Test func aSlowBrokerIsAskedForOneOrderInTen() async throws {
        fixture.sender.failures = Array(repeating: .lost, count: 1_000)
        for _ in 0..<420 { try await fixture.place() }
        #expect(fixture.intake.orders.count == 420)
        #expect((50...65).contains(fixture.sender.sent.count))
        // It recovers: every order goes to it again.
        fixture.sender.failures = []
        for _ in 0..<200 { try await fixture.place() }
        let sent = fixture.sender.sent.count
        for _ in 0..<10 { try await fixture.place() }
        #expect(fixture.sender.sent.count == sent + 10)
    }

    @Test func aSlowRedisIsAskedForOneOrderInTen() async throws {
        fixture.workflows.faults = [.accept: .late]
        for _ in 0..<420 { try await fixture.place() }
        #expect(fixture.intake.orders.count == 420 && fixture.sender.sent.isEmpty)
        #expect((50...65).contains(fixture.workflows.calls.count))
    }

    /// Redis answers again after the refusal.
    @Test func theCopiesOfARefusedOrderAreRemovedLater() async throws {
        fixture.intake.isAvailable = false
        fixture.workflows.faults = [.withdraw: .away]
        fixture.sender.failures = [.away, .away]
        #expect(try await fixture.failure() == .refused)
        #expect(try await fixture.workflows.memory.pending(OrderID(1)!) != nil)
        fixture.workflows.faults = [:]
        try await eventually("the copies are removed") {
            try await fixture.workflows.memory.pending(OrderID(1)!) == nil
        }
        #expect(fixture.memory.queued.isEmpty)
    }

    /// Its copies are listed as an order: it becomes one.
    @Test func whatIsInDoubtIsSentUntilItIsTaken() async throws {
        fixture.intake.isAvailable = false
        fixture.sender.failures = [.lost, .lost, .lost]
        #expect(try await fixture.failure() == .inDoubt)
        #expect(try await fixture.workflows.memory.pending(OrderID(1)!) != nil)
        #expect(fixture.recent.acceptance(OrderID(1)!) == nil)
        try await eventually("the broker has taken it") { fixture.recent.acceptance(OrderID(1)!) != nil }
        #expect(fixture.sender.sent.count == 4 && Set(fixture.sender.sent.map(\.envelope.id)).count == 1)
    }

    @Test func whatIsInDoubtAndAnothersRepetitionIsRemoved() async throws {
        let other = try await fixture.place(key: "k")
        try await fixture.intake.take(IntakeOrder(other, try #require(fixture.sender.sent.last)))
        fixture.intake.failure = OrderIntakeError(reason: "late", isOutcomeUnknown: true)
        fixture.sender.failures = Array(repeating: .lost, count: 100)
        await #expect(throws: PlacementError.inDoubt) { try await fixture.place(key: "k") }
        fixture.intake.failure = nil
        try await eventually("the copies are removed") {
            try await fixture.workflows.memory.pending(OrderID(2)!) == nil
        }
        #expect(fixture.intake.orders.map(\.orderID) == [OrderID(1)!])
    }

    @Test func problemsContainNoErrorText() {
        for failure in [PlacementError.noCatalogue, .noIdentifiers, .refused] {
            let problem = Problem(failure)
            #expect(problem.status == .serviceUnavailable && problem.headers["Retry-After"] != nil)
            #expect(problem.detail == "Orders cannot be accepted at the moment; try again.")
            #expect(problem.isWithoutEffect)
            #expect(failure.isOutage)
        }
        let problem = Problem(PlacementError.inDoubt)
        #expect(problem.status == .serviceUnavailable && problem.headers["Retry-After"] != nil)
        #expect(problem.detail?.contains("not known") == true && !problem.isWithoutEffect)
    }
}
