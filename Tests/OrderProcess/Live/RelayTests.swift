import EventLoop
import Foundation
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import Postgres
import TestSupport
import Testing

@testable import OrderProcess

/// Several relays at one outbox: each order's events in their order, all of them, and none marked that was not
/// sent.
@Suite(.onLoop, .enabled(if: Servers.shared != nil), .serialized, .timeLimit(.minutes(1)))
struct RelayTests {
    private static let orders = 30
    private static let versions = 5

    /// Records instead of sending, with scripted failures and crashes.
    @Loop
    final class RecordingSender: MessageSender {
        private(set) var sent: [(order: Int, version: Int)] = []
        private var random: SeededGenerator
        private let failing: Double
        /// Called after some sends, which then are not known to have happened.
        var die: (@Loop () async -> Void)?

        init(seed: UInt64, failing: Double) {
            random = SeededGenerator(seed: seed)
            self.failing = failing
        }

        func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?] {
            var failures: [MessagingError?] = []
            for message in messages {
                if Double.random(in: 0..<1, using: &random) < failing {
                    failures.append(MessagingError(.unknownOutcome))
                } else {
                    let parts = message.envelope.id.split(separator: "-").compactMap { Int($0) }
                    sent.append((parts[0], parts[1]))
                    failures.append(nil)
                }
            }
            if let die, Int.random(in: 0..<4, using: &random) == 0 { await die() }
            return failures
        }

        func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError) {
            if let error = await send([message], within: limit)[0] { throw error }
        }
    }

    /// What a long outage left, in a random order of positions.
    @Loop static func fill(_ fixture: LiveFixture) async throws {
        try await fixture.script(
            """
            INSERT INTO order_events (order_id, version, type, payload, metadata, occurred_at, created_at)
            SELECT o, v, 'order.processed.v1', '{}', json_build_object('messageId', o || '-' || v,
                'correlationId', '\(fixture.correlationID(1))'), now(), now() - interval '1 hour'
            FROM generate_series(1, \(orders)) o, generate_series(1, \(versions)) v ORDER BY random();
            INSERT INTO order_outbox SELECT order_id, version, created_at FROM order_events ORDER BY random()
            """)
    }

    @Loop static func relay(_ fixture: LiveFixture, _ pool: PostgresPool, _ sender: RecordingSender)
        async throws
    {
        let relay = OutboxRelay(
            PostgresOutbox(pool), EventPublisher(sender, appID: "order-process"), after: AsyncSignal(),
            log: nil,
            metrics: Metrics())
        let outbox = PostgresOutbox(fixture.pool)
        try await eventually("the outbox is empty", within: .seconds(30)) {
            // A session that was ended under it is an outage like another.
            _ = try? await relay.sweep()
            return try await outbox.backlog().count == 0
        }
    }

    /// - Parameter failing: the share of messages of which the broker says nothing.
    @Test(arguments: [(UInt64(1), 0.0), (2, 0.3), (3, 0.7)])
    @Loop func eachOrdersEventsKeepTheirOrder(seed: UInt64, failing: Double) async throws {
        try await LiveFixture.with { fixture in
            try await Self.fill(fixture)
            let sender = RecordingSender(seed: seed, failing: failing)
            try await Self.runThree(fixture, sender)
            // Nothing that was sent was sent again: what the broker confirmed is marked.
            #expect(sender.sent.count == Self.orders * Self.versions)
            Self.checkOrder(sender)
        }
    }

    /// Relays whose sessions end after sending and before marking: some events go out twice, none out of turn.
    @Test(arguments: [UInt64(4), 5])
    @Loop func relaysThatDieRepeatButNeverReorder(seed: UInt64) async throws {
        try await LiveFixture.with { fixture in
            try await Self.fill(fixture)
            let sender = RecordingSender(seed: seed, failing: 0.2)
            let name = "relay-\(UUID().uuidString)"
            sender.die = {
                _ = try? await fixture.texts(
                    """
                    SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                    WHERE application_name = '\(name)'
                    """)
            }
            try await Self.runThree(fixture, sender, name: name)
            #expect(sender.sent.count > Self.orders * Self.versions, "no relay died")
            Self.checkOrder(sender)
        }
    }

    @Loop static func runThree(_ fixture: LiveFixture, _ sender: RecordingSender, name: String? = nil)
        async throws
    {
        var configuration = fixture.pool.configuration
        if let name { configuration.applicationName = name }
        let pool = PostgresPool(configuration)
        let relays = (0..<3).map { _ in Loop.task { try await Self.relay(fixture, pool, sender) } }
        for relay in relays { try await relay.value }
        await pool.close()
    }

    @Loop static func checkOrder(_ sender: RecordingSender) {
        for order in 1...orders {
            let versions = sender.sent.filter { $0.order == order }.map(\.version)
            #expect(versions == versions.sorted(), "order \(order): \(versions)")
            #expect(Set(versions) == Set(1...Self.versions))
        }
    }
}
