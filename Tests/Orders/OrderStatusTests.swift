import Orders
import Testing

@Suite struct OrderStatusTests {
    @Test func hasTheContractsNamesAndNumbers() {
        let expected: [(OrderStatus, String, Int)] = [
            (.accepted, "ACCEPTED", 0), (.processing, "PROCESSING", 1), (.completed, "COMPLETED", 2),
            (.failed, "FAILED", 3), (.cancelled, "CANCELLED", 4),
        ]
        #expect(expected.count == OrderStatus.allCases.count)
        for (status, name, number) in expected {
            #expect(status.wireName == name)
            #expect(status.signalRValue == number)
            #expect(OrderStatus(wireName: name) == status)
        }
        #expect(OrderStatus(wireName: "completed") == nil)
    }

    /// Every pair; `y` advances, `=` is unchanged, `-` is refused, `r` needs a replay.
    @Test func decidesEveryTransition() {
        let table: [(OrderStatus?, String)] = [
            (nil, "y-yyy"), (.accepted, "=yyyy"), (.processing, "-=yyy"), (.completed, "--=--"),
            (.failed, "--r=-"), (.cancelled, "----="),
        ]
        for (current, row) in table {
            for (next, mark) in zip(OrderStatus.allCases, row) {
                for cause in OrderStatus.Cause.allCases {
                    let expected: OrderStatus.Transition =
                        switch mark {
                        case "y": .advance
                        case "=": .unchanged
                        case "r": cause == .replay ? .advance : .refuse
                        default: .refuse
                        }
                    #expect(
                        OrderStatus.transition(from: current, to: next, cause: cause) == expected,
                        "\(String(describing: current)) to \(next) by \(cause)")
                }
            }
        }
    }

    /// All sequences of five statuses.
    @Test func rankNeverDecreasesAndFinalStatusStays() {
        let all = OrderStatus.allCases
        for code in 0..<3_125 {
            var current: OrderStatus?
            var rest = code
            for _ in 0..<5 {
                let next = all[rest % 5]
                rest /= 5
                guard OrderStatus.transition(from: current, to: next) == .advance else { continue }
                #expect(current.map { !$0.isFinal && $0.rank < next.rank } ?? true)
                current = next
            }
        }
    }

    @Test func workflowStatusTextSurvivesARoundTrip() throws {
        let id = try #require(OrderID(123))
        let texts = ["ACCEPTED", "PROCESSING", "COMPLETED|123", "FAILED|123", "CANCELLED|123"]
        for (status, text) in zip(OrderStatus.allCases, texts) {
            #expect(WorkflowStatus(status, id).text == text)
            #expect(WorkflowStatus(text: text) == WorkflowStatus(status, id))
        }
        #expect(WorkflowStatus(text: "COMPLETED|123")?.orderID == id)
    }

    @Test(arguments: [
        "", "|", "COMPLETED", "COMPLETED|", "COMPLETED|0", "COMPLETED|1|2", "ACCEPTED|1", "PROCESSING|",
        "done",
        "completed|1", "COMPLETED| 1", "|1",
    ])
    func rejectsOtherWorkflowStatusText(text: String) {
        #expect(WorkflowStatus(text: text) == nil)
    }
}
