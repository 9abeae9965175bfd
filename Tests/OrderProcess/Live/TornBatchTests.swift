import AMQP
import EventLoop
import Messaging
import Observability
import OrderEvents
import OrderRecords
import Orders
import TestSupport
import Testing
import WorkflowState

@testable import OrderProcess

/// Two replicas at work while everything is delivered more than once, connections break, and poison of each
/// kind lies in between: on quorum and on classic queues.
@Suite(.onLoop, .enabled(if: Servers.shared != nil), .serialized, .timeLimit(.minutes(2)))
struct TornBatchTests {
    /// Counts the batches that PostgreSQL refused whole.
    @Loop
    final class CountingStore: OrderStore {
        private let store: PostgresOrderStore
        private(set) var torn = 0

        init(_ store: PostgresOrderStore) { self.store = store }

        func record(_ records: [OrderRecord]) async throws(OrderRecordsError) -> [RecordedOrder?] {
            do throws(OrderRecordsError) { return try await store.record(records) } catch {
                if [.refused, .unknownProduct].contains(error.code), records.count > 1 { torn += 1 }
                throw error
            }
        }

        func markPublished(_ events: [EventKey]) { store.markPublished(events) }

        func currencies() async throws(OrderRecordsError) -> [ProductID: Currency] {
            try await store.currencies()
        }
    }

    /// Unreadable bodies by their error, and whether they still name the order's owner.
    static func poison(_ order: OrderAccepted) -> [(name: String, body: [UInt8], type: String, isTold: Bool)]
    {
        let text = String(decoding: order.encode(), as: UTF8.self)
        func with(_ part: String, _ other: String) -> [UInt8] {
            precondition(text.contains(part), "\(text) has no \(part)")
            return Array(text.replacing(part, with: other).utf8)
        }
        let type = "order.accepted.v1"
        return [
            ("no JSON", Array("{\"correlationId\":".utf8), type, false),
            ("nothing", [], type, false),
            ("no UTF-8", [0x7B, 0xFF, 0xFE, 0x7D], type, false),
            ("another version", Array(text.utf8), "order.accepted.v9", true),
            ("another type", Array(text.utf8), "order.eaten.v1", true),
            ("no type", Array(text.utf8), "", true),
            ("no order id", with("\"orderId\":\(order.orderID),", ""), type, false),
            ("no customer", with("\"customerId\":\"\(order.customer.value)\",", ""), type, false),
            ("no lines", with("\"items\":[", "\"items\":[],\"other\":["), type, true),
            ("absurd quantity", with("\"quantity\":2", "\"quantity\":1000000000"), type, true),
            ("absurd price", with("140.95", "99999999999999.99"), type, true),
            ("three decimals", with("140.95", "140.951"), type, true),
        ]
    }

    @Test(arguments: AMQPQueueType.allCases)
    @Loop func eachOrderIsOnceWhateverIsDelivered(kind: AMQPQueueType) async throws {
        try await LiveFixture.with(kind) { fixture in
            let good = (0..<160).map { fixture.order($0) }
            // Known to the replicas and gone from the database: PostgreSQL refuses a batch with one of them.
            let gone = (160..<172).map { fixture.order($0, product: "AZ-900") }
            let unknown = (172..<180).map { fixture.order($0, product: "XX-000") }
            let poison = Self.poison(fixture.order(180)).indices.map { fixture.order(180 + $0) }
            for order in good + gone + unknown + poison { try await fixture.accept(order) }

            let stores = [PostgresOrderStore(fixture.pool), PostgresOrderStore(fixture.pool)].map(
                CountingStore.init)
            var replicas: [LiveFixture.Replica] = []
            for store in stores {
                let replica = try await fixture.addReplica(store)
                var work = ProcessingBatch([Sample.received(gone[0])])
                try await replica.process.products.check(&work)
                replicas.append(replica)
            }
            try await fixture.script("DELETE FROM products WHERE external_product_id = 'AZ-900'")

            var mixed = good
            for (index, order) in gone.enumerated() { mixed.insert(order, at: 7 + index * 13) }
            try await fixture.send(mixed)
            for (index, order) in poison.enumerated() {
                let message = Self.poison(order)[index]
                try await fixture.send(raw: message.body, of: order, type: message.type)
                try await fixture.send(Array(good[index * 10..<index * 10 + 10]))
                if index % 4 == 3 { try await replicas[index / 4 % 2].interrupt() }
            }
            try await fixture.send(unknown + mixed.reversed())
            try await replicas[0].interrupt()

            let failing = gone.count + unknown.count
            let readable = Self.poison(poison[0]).count(where: \.isTold)
            try await eventually("everything has come to its end", within: .seconds(60)) {
                let recorded = try await fixture.count("order_events")
                let unpublished = try await fixture.count("order_outbox")
                return recorded == 2 * (good.count + failing + readable) && unpublished == 0
            }
            #expect(stores.contains { $0.torn > 0 }, "no batch was torn apart")
            #expect(try await fixture.count("orders WHERE status = 'COMPLETED'") == good.count)
            #expect(try await fixture.count("orders WHERE status = 'FAILED'") == failing + readable)
            #expect(try await fixture.count("orders WHERE failure_code = 'product_unavailable'") == failing)
            #expect(try await fixture.count("orders") == good.count + failing + readable)
            #expect(try await fixture.count("order_items") == good.count + failing)

            try await eventually("every status is final", within: .seconds(30)) {
                for order in good {
                    guard try await fixture.status(order) == "COMPLETED|\(order.orderID)" else {
                        return false
                    }
                }
                for order in gone + unknown {
                    guard try await fixture.status(order) == "FAILED|\(order.orderID)" else { return false }
                }
                return true
            }
            for (index, order) in poison.enumerated() {
                let message = Self.poison(order)[index]
                try await eventually("\(message.name) is notified") {
                    let expected = message.isTold ? "FAILED|\(order.orderID)" : "ACCEPTED"
                    return try await fixture.status(order) == expected
                }
            }
            let processed = await fixture.workflows(in: .processed)
            #expect(Set(processed) == Set(good.map(\.correlationID.description)))
            let failures = await fixture.workflows(in: .failed)
            #expect(Set(failures).count == failing + readable)

            let messages = try await fixture.messages(of: .accepted)
            #expect(messages.allSatisfy { $0.envelope.failure?.reason.isEmpty == false })
            let deadLetters = Set(messages.map(\.envelope.correlationID))
            #expect(deadLetters == Set((gone + unknown + poison).map(\.correlationID.description)))
        }
    }

    /// Cancelled before, while and after it is processed: one answer, and the same everywhere.
    @Test(arguments: AMQPQueueType.allCases)
    @Loop func aCancellationEndsInOneStateEverywhere(kind: AMQPQueueType) async throws {
        try await LiveFixture.with(kind) { fixture in
            let orders = (0..<120).map { fixture.order($0) }
            for order in orders { try await fixture.accept(order) }
            for _ in 0..<2 { _ = try await fixture.addReplica() }
            var cancelled: Set<CorrelationID> = []
            let store = PostgresOrderStore(fixture.pool)
            func cancel(_ order: OrderAccepted) async throws {
                if try await fixture.cancel(order, in: store) { cancelled.insert(order.correlationID) }
            }
            for order in orders[..<30] { try await cancel(order) }
            #expect(cancelled.count == 30)
            // Sent in small pieces while others are being cancelled.
            for start in stride(from: 0, to: orders.count, by: 6) {
                let sending = Loop.task { try await fixture.send(Array(orders[start..<start + 6])) }
                for order in orders[max(30, start)..<max(30, start + 6)] { try await cancel(order) }
                try await sending.value
            }
            try await eventually("all are recorded", within: .seconds(30)) {
                try await fixture.count("order_events") == 2 * orders.count
            }
            let before = cancelled
            for order in orders { try await cancel(order) }
            #expect(cancelled == before, "a processed order was cancelled")
            #expect(cancelled.count < orders.count, "nothing was processed")

            for order in orders {
                let status = cancelled.contains(order.correlationID) ? "CANCELLED" : "COMPLETED"
                let id = order.orderID
                #expect(try await fixture.texts("SELECT status FROM orders WHERE id = \(id)") == [status])
                let type = status == "CANCELLED" ? "order.cancelled.v1" : "order.processed.v1"
                #expect(
                    try await fixture.texts(
                        "SELECT type FROM order_events WHERE order_id = \(id) AND version = 2")
                        == [type])
                try await eventually("the status follows") {
                    try await fixture.status(order) == "\(status)|\(id)"
                }
            }
            let processed = await fixture.types(in: .processed)
            for order in orders {
                let status =
                    cancelled.contains(order.correlationID) ? "order.cancelled.v1" : "order.processed.v1"
                #expect(processed[order.correlationID.description] == [status])
            }
        }
    }
}
