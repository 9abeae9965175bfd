import EventLoop
import Testing

@testable import Waybill

@Suite struct DeliveryAuditTests {
    private let start = Instant(nanoseconds: 0)

    private func audit(_ orders: Int...) -> DeliveryAudit {
        var audit = DeliveryAudit()
        for id in orders {
            audit.add(
                .init(
                    orderID: id, correlationID: "c\(id)", sentAt: start, acceptedAt: start + .milliseconds(1))
            )
        }
        return audit
    }

    private func update(_ id: Int, _ status: String = "COMPLETED", after: Duration = .milliseconds(5))
        -> OrderUpdate
    {
        OrderUpdate(
            offset: id, correlationID: "c\(id)", orderID: id, status: status, occurredAt: "",
            receivedAt: start + after)
    }

    @Test func eachOrderOncePasses() {
        let result = audit(1, 2).result(
            on: [update(2), update(1, "PROCESSING"), update(1)], isOwner: true)
        #expect(result.isClean)
        #expect(result.text == "exactly once")
    }

    @Test func reportsAMissingUpdate() {
        #expect(audit(1, 2).result(on: [update(1)], isOwner: true).missing == [2])
    }

    @Test func reportsADuplicateUpdate() {
        #expect(audit(1).result(on: [update(1), update(1)], isOwner: true).duplicated == [1])
    }

    @Test func reportsAnUpdateOfAnotherUsersOrder() {
        #expect(audit(1).result(on: [update(1), update(7)], isOwner: true).foreign == [7])
        #expect(audit(1).result(on: [update(1)], isOwner: false).foreign == [1])
        #expect(audit(1).result(on: [], isOwner: false).isClean)
    }

    @Test func reportsAFailedOrder() {
        #expect(audit(1).result(on: [update(1, "FAILED")], isOwner: true).failed == [1])
    }

    @Test func latencyIsFromTheRequestToTheFinalUpdate() {
        let audit = audit(1)
        let updates = [update(1, "PROCESSING", after: .milliseconds(2)), update(1, after: .milliseconds(9))]
        #expect(audit.latency(of: audit.entries[0], in: updates) == .milliseconds(9))
        #expect(audit.latency(of: audit.entries[0], in: []) == nil)
    }

    @Test func percentilesAreOfTheSortedValues() {
        let durations = (1...100).reversed().map { Duration.milliseconds($0) }
        #expect(percentile(0.5, of: durations) == .milliseconds(51))
        #expect(percentile(0.95, of: durations) == .milliseconds(96))
        #expect(percentile(1, of: durations) == .milliseconds(100))
        #expect(percentile(0.5, of: []) == nil)
    }

    @Test func durationsAreShownInMilliseconds() {
        #expect(Duration.microseconds(12_340).milliseconds == "12.3")
        #expect(Duration.seconds(2).milliseconds == "2000.0")
    }
}
