import Foundation
import JSON
import TestSupport
import Testing

extension WholeStackTests {
    /// Sessions and their recovery from failures: on a stack of its own, since Redis is restarted.
    @Suite struct FailoverDemoTests {
        @Test func everyClientGetsEveryUpdateOnceDespiteFaults() async throws {
            let stack = try await Stack.started(notifiers: 3)
            let page = "\(stack.file).failover.html"
            let result = try await stack.waybill(
                "demo", "failover", "--users", "8", "--seconds", "12", "--rate", "8", "--json", "--page", page
            )
            let report = try JSONValue(parsing: result.output)
            #expect(result.status == 0 && report["held"] == true, "\(result.output)\n\(result.errors)")
            #expect(report["orders"]?.int ?? 0 > 40)
            let rows = report["protocols"]?.array ?? []
            #expect(rows.map { $0["protocol"]?.string } == ["WebSocket", "SSE", "SignalR"])
            // Redis was restarted: its last seconds may be missing, and each tab is told so once, and fetches the truth.
            for row in rows { #expect(row["tabs"] == 8 && row["clean"] == true) }
            // One replica killed, one drained.
            #expect(rows.compactMap { $0["reconnections"]?.int }.reduce(0, +) >= 8)
            let html = try String(contentsOfFile: page, encoding: .utf8)
            #expect(html.contains("The scenario held") && html.contains("</svg>") && html.contains("kill -9"))
            try await stack.stop()
        }

        @Test func failoverRequiresThreeNotifiers() async throws {
            let result = try await Stack.shared().waybill("demo", "failover")
            #expect(result.status == 69 && result.errors.contains("waybill up --notifiers 3"))
        }

        @Test func sessionsListsConnectedUsers() async throws {
            let stack = try await Stack.shared()
            async let watching = stack.waybill("watch", "E2E-SEEN", "--for", "15")
            var sessions: [JSONValue] = []
            // A replica registers every five seconds.
            let deadline = ContinuousClock.now + .seconds(15)
            while sessions.isEmpty, ContinuousClock.now < deadline {
                let result = try await stack.waybill("sessions", "--user", "E2E-SEEN", "--json")
                try #require(result.status == 0, "\(result.errors)")
                sessions = try JSONValue(parsing: result.output).array ?? []
            }
            guard let session = sessions.first else {
                let watched = try await watching
                Issue.record("no session in 15 s: \(watched.output)\(watched.errors)")
                return
            }
            #expect(session["protocol"] == "websocket" && session["userId"] == "E2E-SEEN")
            #expect(session["replica"]?.string?.hasPrefix("order-notification@") == true)
            #expect(session["position"]?.string?.contains(":") == true && session["since"]?.string != nil)
            let table = try await stack.waybill("sessions", "--limit", "1")
            #expect(table.status == 0 && table.output.hasPrefix("user"))
            _ = try await watching
        }
    }
}
