import EventLoop
import Testing

@testable import Waybill

@Suite struct ClientLedgerTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    private func order(_ number: Int, sentAt: Int64 = 0) -> DeliveryAudit.Entry {
        .init(orderID: number, correlationID: "c\(number)", sentAt: at(sentAt), acceptedAt: at(sentAt + 1))
    }

    @Test func everyOrderOncePasses() {
        var ledger = ClientLedger()
        ledger.pushed("c1", isCompleted: true, at: at(5))
        ledger.pushed("c2", isCompleted: true, at: at(6))
        let result = ledger.result(on: [order(1), order(2)])
        #expect(result.isClean && result.text == "exactly once")
    }

    @Test func reportsEveryDeliveryError() {
        var ledger = ClientLedger()
        ledger.pushed("c1", isCompleted: true, at: at(5))
        ledger.pushed("c1", isCompleted: true, at: at(6))
        ledger.pushed("c2", isCompleted: false, at: at(6))
        ledger.pushed("x", isCompleted: true, at: at(7))
        let result = ledger.result(on: [order(1), order(2), order(3)])
        #expect(result == ClientLedger.AuditResult(missing: 1, twice: 1, foreign: 1, failed: 1))
        #expect(result.text == "1 missing, 1 twice, 1 not its own, 1 not completed" && !result.isClean)
    }

    @Test func aGapNoticeExcusesOnlyEarlierOrders() {
        var ledger = ClientLedger()
        ledger.receivedGapNotice(at: at(100))
        let result = ledger.result(on: [order(1, sentAt: 50), order(2, sentAt: 150)])
        #expect(result == ClientLedger.AuditResult(missing: 1, excused: 1))
    }

    @Test func queriedOrdersDoNotCountAsPushed() {
        var ledger = ClientLedger()
        ledger.queryAnswered("c1", isCompleted: true, at: at(5))
        ledger.pushed("c1", isCompleted: true, at: at(9))
        #expect(ledger.queried == ["c1"] && ledger.finalStatusAt["c1"] == at(5))
        #expect(ledger.result(on: [order(1)]).isClean)
    }
}

@Suite struct EventTextTests {
    static let text =
        "retry: 1500\n\nid: e:7\nevent: order.status\ndata: {\"a\":1}\n\n:\n\nevent: closed\ndata: x\ndata: y\n\nid: 9\n"

    @Test(arguments: [1, 2, 3, 7, 200]) func parsesEventsFromFragments(_ size: Int) {
        var reader = EventText()
        var events: [EventText.Event] = []
        var rest = Array(Self.text.utf8)[...]
        while !rest.isEmpty {
            events += reader.take(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        #expect(
            events == [
                .init(id: "e:7", name: "order.status", data: "{\"a\":1}"),
                .init(id: nil, name: "closed", data: "x\ny"),
            ])
    }
}
