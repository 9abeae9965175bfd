import EventLoop
import JSON
import Messaging
import Testing

@testable import Waybill

/// What the commands on the console's answers show.
@Loop @Suite struct OperatorTextTests {
    private let console = Terminal(.table)

    @Test func queuesShowWhatWaitsAndWhoConsumes() throws {
        let state = try JSONValue(
            parsing: """
                {"queues":[{"name":"order.accepted","ready":3,"unacked":2,"ageMs":12000,"consumers":0,"retrying":1,
                "dead":4}],"waiting":{"waiting":5,"ageMs":12400}}
                """)
        let display = QueuesCommand.display(state, console)
        #expect(
            display.text.split(separator: "\n").last?.split(separator: " ", omittingEmptySubsequences: true)
                .joined(separator: " ") == "order.accepted 3 2 ≤ 12 s 0 1 4")
        #expect(display.notes == ["5 orders wait to be recorded, the oldest for 12 s"])
        #expect(display.code == ExitCode.failure)
        #expect(QueuesCommand.display(.object([]), console).code == ExitCode.failure)
    }

    @Test func problemsNameTheNextStep() throws {
        let state = try JSONValue(
            parsing: """
                {"problems":[{"severity":"critical","code":"service.hung","title":"order-process@1 does not answer",
                "meaning":"It is silent.","next":"end it","since":1784000000000,"effects":["Orders wait."]},{"severity":"warning","code":"x","title":"t","meaning":"m",
                "next":"n"}]}
                """)
        let display = ProblemsCommand.display(state, console)
        #expect(
            display.text.hasPrefix(
                "critical  order-process@1 does not answer\n    It is silent. (since 2026-07-14T03:33:20.000Z)\n"
                    + "    - so orders wait.\n    Next: end it"))
        #expect(display.code == ExitCode.failure)
        let none = ProblemsCommand.display(.object([.init("problems", .array([]))]), console)
        #expect(none.text.hasPrefix("No problems") && none.code == ExitCode.success)
    }

    @Test func deadLettersAreListedWithTheirOrdersAndByReason() {
        let item = JSONValue.object([
            .init("queue", "order.accepted"), .init("id", "m-1"), .init("orderId", 1042),
            .init("customerId", "CUST-\u{1b}[31m"), .init("reason", "Product X does not exist."),
            .init("failedAt", .null),
        ])
        let group = JSONValue.object([
            .init("reason", "Product X does not exist."), .init("count", 2),
            .init("words", "It orders what is not sold."),
        ])
        let listing = DeadLetterOperations.Listing(
            queue: .accepted, items: [item], matching: 2, total: 2, groups: [group])
        let display = ListDeadLettersCommand.display([listing], console)
        #expect(display.text.contains("1042") && display.text.contains("2 × Product X does not exist."))
        #expect(!display.text.contains("\u{1b}[31m"))
        #expect(display.notes == ["order.accepted: the oldest 1 of 2; --limit shows more"])
        #expect(ListDeadLettersCommand.display([], console).text == "No dead-lettered messages.")
    }

    @Test func ordersOfAllUsersNameTheNextPage() throws {
        let page = try JSONValue(
            parsing: """
                {"items":[{"id":9,"createdAt":"2026-01-01T00:00:00.000Z","customerId":"A","status":"FAILED","total":"1.50",
                "failureCode":"product_unavailable"}],"next":9}
                """)
        let display = ShowOrdersCommand.display(found: page, console)
        #expect(display.text.contains("product_unavailable") && display.notes == ["older ones: --before 9"])
    }

    @Test func aTimelineHasABarForEachStep() {
        let steps = [("Accepted", 1_000_000, 0), ("Written", 1_010_000, 10_000)].map { text, at, duration in
            JSONValue.object([
                .init("at", .number("\(at)")), .init("duration", .number("\(duration)")),
                .init("text", .string(text)),
                .init("replica", "r@1"),
            ])
        }
        let lines = TimelineText(steps: steps).lines(console)
        #expect(lines.count == 2)
        #expect(lines[0].contains("0.0 ms  █···················"))
        #expect(lines[1].contains("10.0 ms  ··········██████████    10.0 ms  r@1  Written"))
    }
}
