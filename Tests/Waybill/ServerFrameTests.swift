import EventLoop
import Testing

@testable import Waybill

@Suite struct ServerFrameTests {
    private let now = Instant(nanoseconds: 7)

    private func frame(_ text: String) -> ServerFrame? { ServerFrame(text.utf8.span, receivedAt: now) }

    @Test func parsesTheFramesOfTheContract() {
        #expect(
            frame(
                #"{"type":"welcome","connectionId":"c","replica":"r1","userId":"u","epoch":"e","lastEventId":4}"#
            )
                == .welcome(replica: "r1", epoch: "e", lastEventID: 4))
        #expect(
            frame(#"{"type":"resumed","recovered":true,"count":3}"#) == .resumed(recovered: true, count: 3))
        #expect(frame(#"{"type":"draining","retryAfterMs":250}"#) == .draining(retryAfterMilliseconds: 250))
        #expect(frame(#"{"type":"error","code":"x","detail":"y"}"#) == .error(code: "x", detail: "y"))
        #expect(frame(#"{"type":"refreshed","expiresAt":1}"#) == .other("refreshed"))
    }

    @Test func anUpdateHasAnOffsetUnlessItIsEphemeral() {
        let kept =
            #"{"type":"order.status","id":9,"correlationId":"c","orderId":1,"status":"COMPLETED","occurredAt":"t"}"#
        let expected = OrderUpdate(
            offset: 9, correlationID: "c", orderID: 1, status: "COMPLETED", occurredAt: "t", receivedAt: now)
        #expect(frame(kept) == .update(expected))
        let ephemeral =
            #"{"type":"order.status","correlationId":"c","orderId":1,"status":"PROCESSING","occurredAt":"t"}"#
        guard case .update(let update) = frame(ephemeral) else { return #expect(Bool(false), "no update") }
        #expect(update.offset == nil)
        #expect(!update.isFinal)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"type":"welcome"}"#, #"{"type":"order.status","status":"COMPLETED"}"#,
    ])
    func refusesInvalidFrames(text: String) {
        #expect(frame(text) == nil)
    }
}
