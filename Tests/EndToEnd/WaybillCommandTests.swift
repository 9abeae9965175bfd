import EventLoop
import Foundation
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

    /// As against any deployment: an address and a token, and no stack.json.
    @Test func aContextActsAsTheUserOfItsToken() async throws {
        let stack = try await Stack.shared()
        let home = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        let token = try await stack.waybill("token", "E2E-CONTEXT").output
        let file = home.appending(path: "token").path()
        try token.write(toFile: file, atomically: true, encoding: .utf8)
        func waybill(_ words: String..., environment: [String: String] = [:]) async throws -> Program.Result {
            try await Program.run(
                ["\(Stack.binaries)/waybill"] + words,
                environment: ["WAYBILL_STACK": "", "XDG_CONFIG_HOME": home.path()].merging(environment) {
                    $1
                },
                in: Stack.repository)
        }
        let added = try await waybill("context", "add", "shop", "--url", stack.edge, "--token-file", file)
        #expect(added.status == 0, "\(added.errors)")
        #expect(try await waybill("context", "use", "shop").status == 0)
        let placed = try await waybill("order", "AZ-104", "--watch", "--json")
        #expect(placed.status == 0, "\(placed.output) \(placed.errors)")
        let id = try JSONValue(parsing: String(placed.output.split(separator: "\n")[0]))["id"]?.int
        let listed = try await waybill("orders", "--json")
        #expect(try JSONValue(parsing: listed.output)["items"]?[0]?["id"]?.int == id)
        // Without a context too; by the environment.
        let other = ["WAYBILL_TOKEN": try await stack.waybill("token", "E2E-OTHER").output]
        let others = try await waybill("orders", "--url", stack.edge, "--json", environment: other)
        #expect(try JSONValue(parsing: others.output)["items"]?.array?.isEmpty == true)
        let watched = try await waybill("watch", "--for", "1")
        #expect(watched.status == 0 && watched.errors.contains("connected to"), "\(watched.errors)")
        // The token is another's.
        for words in [["orders", "--user", "E2E-OTHER"], ["watch", "E2E-OTHER"]] {
            let refused = try await Program.run(
                ["\(Stack.binaries)/waybill"] + words,
                environment: ["WAYBILL_STACK": "", "XDG_CONFIG_HOME": home.path()], in: Stack.repository)
            #expect(refused.status == 2 && refused.errors.contains("the token is of E2E-CONTEXT"))
        }
        for result in [added, placed, listed, others, watched, try await waybill("context", "list")] {
            #expect(!(result.output + result.errors).contains(token.prefix(40)))
        }
    }

    @Test func aTokenThatTheServicesRefuseNamesTheNextStep() async throws {
        let stack = try await Stack.shared()
        // The header and claims of a good one, with another signature.
        let token = try await stack.waybill("token", "E2E-1").output.split(separator: ".").prefix(2)
        let result = try await stack.waybill(
            "orders", "--token", token.joined(separator: ".") + ".c2lnbmF0dXJl")
        #expect(result.status == 1 && result.errors.contains("401"))
        #expect(result.errors.contains("get a new token"))
    }

    @Test func wideShowsMoreColumns() async throws {
        let stack = try await Stack.shared()
        _ = try await stack.waybill("order", "DP-900:2", "--user", "E2E-WIDE", "--watch")
        let table = try await stack.waybill("orders", "--user", "E2E-WIDE")
        let wide = try await stack.waybill("orders", "--user", "E2E-WIDE", "--output", "wide")
        #expect(!table.output.contains("DP-900:2") && wide.output.contains("DP-900:2"))
        let json = try await stack.waybill("orders", "--user", "E2E-WIDE", "--output", "json")
        #expect(try JSONValue(parsing: json.output)["items"]?.array?.count == 1)
    }

    @Test func metricsAreListedByReplica() async throws {
        let stack = try await Stack.shared()
        _ = try await stack.waybill("order", "AZ-104", "--user", "E2E-METRICS", "--watch")
        let list = try await stack.waybillJSON(
            "metrics", "order-accept", "--match", "^waybill_orders_accepted_total$")
        #expect(list.array?.map { $0["replica"]?.string } == ["accept-1"])
        #expect(try #require(list[0]?["value"]?.double) >= 1)
        let all = try await stack.waybillJSON("metrics").array ?? []
        let replicas = Set(all.compactMap { $0["replica"]?.string })
        #expect(replicas == ["accept-1", "process-1", "notification-1", "notification-2", "console-1"])
        let table = try await stack.waybill("metrics", "accept-1")
        #expect(table.status == 0 && table.output.hasPrefix("replica") && !table.output.contains("_bucket{"))
        let unknown = try await stack.waybill("metrics", "accept-9")
        #expect(unknown.status == 2 && unknown.errors.contains("accept-1"))
    }

    /// An order's way through the services, by its correlation id.
    @Test func logsFollowAnOrder() async throws {
        let stack = try await Stack.shared()
        // A replica writes the line within a second of being ready.
        try await eventually("each service has logged that it is ready") {
            let started = try await stack.waybill(
                "logs", "--limit", "100000", "--grep", "service.ready", "--json")
            let lines = try started.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
            let times = lines.compactMap { $0["ts"]?.string }
            #expect(times == times.sorted())
            return Set(lines.compactMap { $0["service"]?.string })
                .isSuperset(of: ["order-accept", "order-process", "order-notification"])
        }
        let none = try await stack.waybill(
            "logs", "--correlation", "none", "--level", "critical", "--since", "1m")
        #expect(none.status == 0 && none.output.isEmpty)
        let text = try await stack.waybill("logs", "accept-1", "--grep", "service.ready", "--limit", "1")
        #expect(text.output.contains("accept-1") && text.output.contains("service.ready"))
    }

    @Test func everyServicePrintsItsVersionAndHelp() async throws {
        for service in ["order-accept", "order-process", "order-notification", "console"] {
            for (option, text) in [
                ("--version", "\(service.contains("-") ? service : "console") "), ("-h", "--check"),
            ] {
                let result = try await Program.run(
                    ["\(Stack.binaries)/\(service)", option], in: Stack.repository)
                #expect(result.status == 0 && result.output.contains(text), "\(service) \(option)")
            }
        }
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
