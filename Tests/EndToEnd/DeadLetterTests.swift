import EventLoop
import JSON
import TestSupport
import Testing

extension WholeStackTests {
    /// Dead-lettered messages of real services, and the operator's commands on them hours later.
    @Suite struct DeadLetterTests {
        private static let limit = Duration.seconds(30)

        /// The message's entry in `waybill dlq list`, once it exists.
        private static func deadLettered(_ id: String, in queue: String, _ stack: Stack) async throws
            -> JSONValue
        {
            var found: JSONValue?
            try await eventually("\(id) is dead-lettered", within: limit) {
                let list = try await stack.waybillJSON("dlq", "list", "--queue", queue)
                found = list.array?.first { $0["id"]?.string == id }
                return found != nil
            }
            return try #require(found)
        }

        private static func order(_ cid: String, _ id: Int, _ user: String, product: String) -> JSONValue {
            .object([
                .init("correlationId", .string(cid)), .init("orderId", .number(String(id))),
                .init("customerId", .string(user)), .init("acceptedAt", "2026-01-01T00:00:00.000Z"),
                .init(
                    "items",
                    [["productId": .string(product), "quantity": 2, "unitPrice": .number("12.50")]]),
            ])
        }

        /// The updates that a user receives from before `body` until the update of `cid`.
        @Loop private static func updates(
            _ user: String, _ cid: String, _ stack: Stack, _ body: @Loop () async throws -> Void
        ) async throws -> Program.Result {
            let watching = Watch(stack, "watch", user, "--json", "--count", "1", "--for", "60")
            // The watcher is connected once its replica registers it, every five seconds.
            try await eventually("\(user) is connected", within: limit) {
                try await stack.waybillJSON("sessions", "--user", user).array?.isEmpty == false
            }
            try await body()
            return try await watching.result()
        }

        @Test @Loop func deadLettersShowsAndReplaysAnOrderOfAnUnknownProduct() async throws {
            let stack = try await Stack.shared()
            try await ServerAccess.with(stack) { servers in
                let (cid, user) = (servers.newID(), "E2E-DLQ-\(Int.random(in: 0..<1_000_000))")
                let number = 8_000_000_000_000 + Int.random(in: 0..<1_000_000_000)
                let product = "ZZ-\(Int.random(in: 0..<1_000_000_000))"
                let body = Self.order(cid, number, user, product: product)
                let id = try await servers.publish("order.accepted", body, workflow: cid)

                let message = try await Self.deadLettered(id, in: "order.accepted", stack)
                #expect(message["reason"]?.string == "Product \(product) does not exist.")
                #expect(message["correlationId"]?.string == cid)
                let shown = try await stack.waybillJSON("dlq", "show", id)
                #expect(shown["body"] == body && shown["type"]?.string == "order.accepted.v1")
                let text = try await stack.waybill("dlq", "show", id).output
                #expect(text.contains("does not exist") && text.contains("\"unitPrice\": 12.50"))
                try await eventually("the order has failed", within: Self.limit) {
                    try await servers.rows("SELECT status FROM orders WHERE id = \(number)") == ["FAILED"]
                }

                // Hours later: Redis has expired the workflow, and the product exists.
                _ = try await servers.rows(
                    """
                    INSERT INTO products (external_product_id, name, category, vendor, image_url, billing_period,
                        price, is_active)
                    VALUES ('\(product)', 'A test', 'Test', 'Test', '', 'Annual', 12.50, false)
                    RETURNING name
                    """)
                try await servers.forget("order:map:\(cid)", "order:status:\(cid)")
                let updates = try await Self.updates(user, cid, stack) {
                    let replay = try await stack.waybillJSON("dlq", "replay", id)
                    #expect(replay["replayed"] == [.string(id)] && replay["missing"] == [])
                }
                #expect(updates.output.contains("COMPLETED") && updates.output.contains(cid))
                #expect(
                    try await servers.rows("SELECT status FROM orders WHERE id = \(number)") == [
                        "COMPLETED"
                    ])
                try await eventually("the status is restored", within: Self.limit) {
                    try await servers.key("order:status:\(cid)") == "COMPLETED|\(number)"
                }
                #expect(try await servers.key("order:map:\(cid)") == user)
                let missing = try await stack.waybillJSON("dlq", "show", id, status: 1)
                #expect(missing["error"]?.string?.contains("no message") == true)
            }
        }

        /// An update whose owner Redis has forgotten is delivered all the same.
        @Test @Loop func aForgottenOwnerIsFoundInPostgres() async throws {
            let stack = try await Stack.shared()
            try await ServerAccess.with(stack) { servers in
                let user = "E2E-DLQ-\(Int.random(in: 0..<1_000_000))"
                let placed = try await stack.waybill("order", "AZ-104", "--user", user, "--watch", "--json")
                let order = try JSONValue(parsing: String(placed.output.split(separator: "\n")[0]))
                let cid = try #require(order["correlationId"]?.string)
                let number = try #require(order["id"]?.int)
                let keys = ["order:map:\(cid)", "order:status:\(cid)", "notify:delivered:\(cid):COMPLETED"]
                for key in keys { try await servers.forget(key) }
                let body: JSONValue = .object([
                    .init("correlationId", .string(cid)), .init("orderId", .number(String(number))),
                    .init("processedAt", "2026-01-01T00:00:00.000Z"),
                ])
                let updates = try await Self.updates(user, cid, stack) {
                    _ = try await servers.publish("order.processed", body, workflow: cid, attempt: 4)
                }
                #expect(updates.output.contains("COMPLETED") && updates.output.contains(cid))
                #expect(try await servers.key("order:status:\(cid)") == "COMPLETED|\(number)")
            }
        }

        @Test @Loop func dropsAMessageWithoutAnOwner() async throws {
            let stack = try await Stack.shared()
            try await ServerAccess.with(stack) { servers in
                let cid = servers.newID()
                let body: JSONValue = .object([
                    .init("correlationId", .string(cid)), .init("orderId", 8_999_999_999_999),
                    .init("processedAt", "2026-01-01T00:00:00.000Z"),
                ])
                let id = try await servers.publish("order.processed", body, workflow: cid, attempt: 4)
                let message = try await Self.deadLettered(id, in: "order.processed", stack)
                #expect(message["reason"]?.string == "The order is not known.")
                let refused = try await stack.waybill("dlq", "drop", id)
                #expect(refused.status == 2 && refused.errors.contains("--yes"))
                _ = try await Self.deadLettered(id, in: "order.processed", stack)
                let dropped = try await stack.waybillJSON("dlq", "drop", id, "--yes")
                #expect(dropped["dropped"] == [.string(id)] && dropped["missing"] == [])
                let again = try await stack.waybillJSON("dlq", "drop", id, "--yes", status: 1)
                #expect(again["missing"] == [.string(id)])
            }
        }
    }
}
