import Foundation
import Orders
import TestSupport
import Testing

@testable import WorkflowState

@Suite struct UpdateCodecTests {
    private let update = StatusUpdate(
        correlationID: CorrelationID("01970000-0000-7000-8000-000000000001")!, orderID: OrderID(42)!,
        status: .completed, occurredAt: Timestamp("2026-11-20T15:54:06.123Z")!)

    private let fields =
        #""correlationId":"01970000-0000-7000-8000-000000000001","orderId":42,"status":"COMPLETED","#
        + #""occurredAt":"2026-11-20T15:54:06.123Z"}"#

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func framesMatchTheContract() {
        let suffix = UpdateCodec.payloadSuffix(update)
        #expect(
            text(UpdateCodec.frame(offset: 7, suffix: suffix)) == #"{"type":"order.status","id":7,"# + fields)
        #expect(text(UpdateCodec.frame(offset: nil, suffix: suffix)) == #"{"type":"order.status","# + fields)
        #expect(
            text(UpdateCodec.channelMessage(previous: 3, offset: 7, suffix: suffix))
                == #"{"previous":3,"type":"order.status","id":7,"# + fields)
    }

    @Test func parsesItsOwnMessages() {
        let suffix = UpdateCodec.payloadSuffix(update)
        let message = UpdateCodec.message(UpdateCodec.channelMessage(previous: 3, offset: 7, suffix: suffix))
        let frame = UpdateCodec.frame(offset: 7, suffix: suffix)
        #expect(message == Publication(update: update, offset: 7, previous: 3, frame: frame))
        let ephemeral = UpdateCodec.frame(offset: nil, suffix: suffix)
        #expect(
            UpdateCodec.message(ephemeral)
                == Publication(update: update, offset: nil, previous: nil, frame: ephemeral))
        #expect(
            UpdateCodec.entry(offset: 7, suffix: suffix)
                == Publication(update: update, offset: 7, frame: frame))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", #"{"type":"order.status"}"#,
        #"{"type":"other","correlationId":"01970000-0000-7000-8000-000000000001","orderId":42,"status":"COMPLETED","occurredAt":"2026-11-20T15:54:06.123Z"}"#,
        #"{"type":"order.status","correlationId":"x","orderId":42,"status":"COMPLETED","occurredAt":"2026-11-20T15:54:06.123Z"}"#,
        #"{"type":"order.status","correlationId":"01970000-0000-7000-8000-000000000001","orderId":-1,"status":"COMPLETED","occurredAt":"2026-11-20T15:54:06.123Z"}"#,
        #"{"type":"order.status","correlationId":"01970000-0000-7000-8000-000000000001","orderId":42,"status":"DONE","occurredAt":"2026-11-20T15:54:06.123Z"}"#,
    ]) func dropsInvalidMessages(json: String) {
        #expect(UpdateCodec.message(Array(json.utf8)) == nil)
    }

    @Test func mutatedMessagesParseOrAreDropped() {
        var random = SeededGenerator(seed: 11)
        let seed = UpdateCodec.channelMessage(
            previous: 3, offset: 7, suffix: UpdateCodec.payloadSuffix(update))
        for _ in 0..<5000 {
            let message = UpdateCodec.message(random.mutate(seed, alphabet: Array(#"{}[]",:0"#.utf8)))
            if let message { #expect(!message.frame.isEmpty) }
        }
    }

    @Test func parsesAndPrintsPositions() {
        let position = MailboxPosition(epoch: Epoch("0af3")!, offset: 17)
        #expect(position.description == "0af3:17" && MailboxPosition("0af3:17") == position)
        for text in ["", ":", "a:", ":1", "a:-1", "a:9007199254740992", "a b:1", "é:1", "a:1:2"] {
            #expect(MailboxPosition(text) == nil, "\(text)")
        }
        #expect(Epoch.random() != Epoch.random() && Epoch.random().text.count == 16)
    }
}
