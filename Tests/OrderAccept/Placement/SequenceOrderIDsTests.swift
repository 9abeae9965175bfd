import EventLoop
import Observability
import Orders
import Postgres
import TestSupport
import Testing

@testable import OrderAccept

@Loop @Suite(.enabled(if: LiveOrderQueriesFixture.servers != nil), .timeLimit(.minutes(1)))
struct SequenceOrderIDsTests {
    /// Ids of recorded orders are never assigned again, whatever the sequence says.
    @Test(arguments: [Int64(1), 5_500])
    func aSequenceThatWasSetBackYieldsNoUsedIDs(start: Int64) async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, owner, _ in
            try await LiveOrderQueriesFixture.insert([Self.order(5_500)], owner)
            try await owner.script("SELECT setval('order_id_blocks', \(start), false)")
            let log = Logger(
                sink: LogSink(origin: LogOrigin(service: "test", replica: "test"), format: .json),
                level: .critical)
            let ids = SequenceOrderIDs(pool, log: log)
            let run = Loop.task { await ids.run() }
            try await eventually("ids are reserved") { ids.begun.isSet }
            let first = try #require(ids.next()?.value)
            // Past the blocks that other replicas may hold.
            #expect(first == 5_500 + 1 + 1_000 * 20_000_000)
            try await eventually("two blocks are ahead") { ids.remaining == 3 * 20_000_000 - 1 }
            run.cancel()
            await run.value
        }
    }

    private static func order(_ id: Int64) -> Order {
        Order(
            id: OrderID(id)!,
            correlationID: CorrelationID(
                unixMilliseconds: 1_767_225_600_000, randomA: 0, randomB: UInt64(id)),
            customer: UserID("CUST-1")!,
            createdAt: Timestamp(milliseconds: 1_767_225_600_000), status: .completed, total: .zero,
            currency: .euro,
            lines: [])
    }
}
