import EventLoop
import JSON
import TestSupport
import Testing

@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct WaybillCommandTests {
    @Test func tokenPrintsAToken() async throws {
        let result = try await Stack.shared().waybill("token", "CUST-0001")
        #expect(result.status == 0)
        #expect(result.output.split(separator: ".").count == 3)
    }

    @Test func orderWatchEndsWithTheCompletion() async throws {
        let result = try await Stack.shared().waybill(
            "order", "AZ-104:2", "DP-900", "--user", "E2E-1", "--watch")
        #expect(result.status == 0, "\(result.output)\n\(result.errors)")
        #expect(result.output.contains("COMPLETED"))
    }

    @Test func refusesAnUnknownProductByName() async throws {
        let result = try await Stack.shared().waybill("order", "NO-SUCH", "--user", "E2E-1")
        #expect(result.status == 1)
        #expect(result.errors.contains("One or more products were not found: NO-SUCH"))
    }

    @Test @Loop func watchShowsUpdates() async throws {
        let stack = try await Stack.shared()
        let watching = Watch(stack, "watch", "E2E-2", "--json", "--count", "1", "--for", "60")
        // The watcher may subscribe late: orders are placed until it has received an update.
        while !watching.isOver { _ = try await stack.waybill("order", "AZ-104", "--user", "E2E-2") }
        let result = try await watching.result()
        // Updates of other orders may follow.
        let statuses = try result.output.split(separator: "\n").map { line in
            try JSONValue(parsing: String(line))["status"]?.string
        }
        #expect(statuses.contains("COMPLETED"))
    }

    @Test func ordersListsPlacedOrders() async throws {
        let stack = try await Stack.shared()
        let placed = try await stack.waybill("order", "DP-900", "--user", "E2E-3", "--watch", "--json")
        let id = try JSONValue(parsing: String(placed.output.split(separator: "\n")[0]))["id"]?.int
        let listed = try await stack.waybill("orders", "--user", "E2E-3", "--json")
        let page = try JSONValue(parsing: listed.output)
        #expect(page["items"]?[0]?["id"]?.int == id)
    }

    @Test func statusReportsReady() async throws {
        let stack = try await Stack.shared()
        var result = try await stack.waybill("status", "--json")
        // Another test may have killed a process a moment ago.
        for _ in 0..<50 where result.status != 0 { result = try await stack.waybill("status", "--json") }
        #expect(result.status == 0, "\(result.output)")
        #expect(try JSONValue(parsing: result.output).array?.count == 9)
    }
}
