import JSON
import TestSupport
import Testing

/// Commands on the system of record and the replicas.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct OperatorTests {
    @Test func theSchemaIsUpToDate() async throws {
        let stack = try await Stack.shared()
        let steps = try await stack.waybillJSON("migrate", "status").array ?? []
        #expect(steps.count >= 6)
        #expect(steps.allSatisfy { $0["state"]?.string == "applied" && $0["appliedAt"]?.string != nil })
        #expect(try await stack.waybillJSON("migrate", "up") == [])
    }

    @Test func rebuildsViews() async throws {
        let stack = try await Stack.shared()
        _ = try await stack.waybill("order", "AZ-104", "--user", "E2E-VIEWS", "--watch")
        let rebuilt = try await stack.waybillJSON("views", "rebuild")
        let position = try #require(rebuilt["position"]?.int)
        #expect(position > 0)
        let status = try await stack.waybillJSON("views", "status")
        #expect(try #require(status["position"]?.int) >= position)
        let listed = try await stack.waybillJSON("orders", "--user", "E2E-VIEWS")
        #expect(listed["items"]?.array?.isEmpty == false)
    }

    @Test func outboxStatusReportsNoDelay() async throws {
        let outbox = try await Stack.shared().waybillJSON("outbox", "status")
        #expect(outbox["late"] == false)
        #expect(try #require(outbox["unpublished"]?.int) >= 0)
    }

    @Test func doctorReportsProblemsWithRemedies() async throws {
        let stack = try await Stack.shared()
        let result = try await stack.waybill("doctor", "--json")
        let found = try #require(try JSONValue(parsing: result.output).array)
        let names = found.compactMap { $0["name"]?.string }
        for name in [
            "programs", "Redis evicts nothing, or the oldest of what expires", "order.accepted is consumed",
            "the schema matches the code",
        ] {
            #expect(names.contains(name))
        }
        // Every problem has a remedy.
        #expect(found.allSatisfy { $0["ok"]?.bool == true || $0["remedy"]?.string != nil })
    }

    @Test func helpIsAvailableAsJSON() async throws {
        let commands = try await Stack.shared().waybillJSON("help").array ?? []
        #expect(commands.count >= 20)
        #expect(commands.allSatisfy { !($0["examples"]?.array ?? []).isEmpty })
    }
}

/// One order, explained to an operator.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct ExplainTests {
    @Test func aCompletedOrderIsExplainedByAllWhoHandledIt() async throws {
        let stack = try await Stack.shared()
        let placed = try await stack.waybill("order", "AZ-104", "--user", "E2E-EXPLAIN", "--watch", "--json")
        let order = try JSONValue(parsing: String(placed.output.split(separator: "\n")[0]))
        let id = try #require(order["id"]?.int)
        let explained = try await stack.waybillJSON("explain", "\(id)")
        #expect(explained["order"]?["status"] == "COMPLETED")
        #expect(explained["order"]?["customerId"] == "E2E-EXPLAIN")
        #expect(explained["finding"]?["summary"]?.string?.hasPrefix("COMPLETED ") == true)
        let steps = explained["steps"]?.array ?? []
        let services = Set(
            steps.compactMap { $0["replica"]?.string?.split(separator: "@").first.map(String.init) })
        #expect(services == ["order-accept", "order-process", "order-notification"])
        for text in [
            "Accepted by RabbitMQ", "Written to PostgreSQL", "Recorded as COMPLETED", "put into the mailbox",
        ] {
            #expect(steps.contains { $0["text"]?.string?.contains(text) == true }, "\(text)")
        }
        let times = steps.compactMap { $0["at"]?.int }
        #expect(times == times.sorted())
        #expect(explained["unknown"] == [])
        // By its correlation id the same, and as text.
        let correlation = try #require(explained["order"]?["correlationId"]?.string)
        let text = try await stack.waybill("explain", correlation)
        #expect(text.output.contains("of E2E-EXPLAIN"))
        #expect(text.output.contains("█"))
    }

    @Test func anUnknownOrderIsSaidToBeUnknown() async throws {
        let stack = try await Stack.shared()
        for reference in ["9007199254740990", "0197a3f2-5b1c-7d4e-8f60-000000000000"] {
            #expect(try await stack.waybill("explain", reference).status == 1)
        }
        #expect(try await stack.waybill("explain", "no order").status == 1)
    }
}
