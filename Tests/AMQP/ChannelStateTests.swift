import Testing

@testable import AMQP

@Suite struct ChannelStateTests {
    private let deliver = AMQPServerMethod.basicDeliver(
        tag: 7, isRedelivered: true, exchange: "e", routingKey: "k")

    private func body(_ bytes: [UInt8], _ state: inout ChannelState) throws(AMQPError) -> ChannelState.Action
    {
        try state.receiveBody(bytes.span)
    }

    @Test func assemblesADeliveryFromItsFrames() throws {
        var state = ChannelState(bodyLimit: 100)
        #expect(try state.receive(deliver) == .none)
        #expect(try state.receive(.init(bodySize: 4, properties: AMQPProperties())) == .none)
        #expect(try body([1, 2, 3], &state) == .none)
        let expected = AMQPDelivery(
            tag: 7, isRedelivered: true, exchange: "e", routingKey: "k", body: [1, 2, 3, 4])
        #expect(try body([4], &state) == .deliver(expected))
        // State is reset for the next message.
        _ = try state.receive(deliver)
        guard case .deliver(let empty) = try state.receive(.init(bodySize: 0, properties: AMQPProperties()))
        else {
            Issue.record("no delivery")
            return
        }
        #expect(empty.body.isEmpty)
    }

    @Test func oversizedBodiesAreSkipped() throws {
        var state = ChannelState(bodyLimit: 2)
        _ = try state.receive(deliver)
        _ = try state.receive(.init(bodySize: 3, properties: AMQPProperties()))
        guard case .deliver(let delivery) = try body([1, 2, 3], &state) else {
            Issue.record("no delivery")
            return
        }
        #expect(delivery.body.isEmpty && delivery.defect == .oversized(3))
    }

    @Test func malformedPropertiesAreFlagged() throws {
        var state = ChannelState(bodyLimit: 9)
        _ = try state.receive(deliver)
        guard case .deliver(let delivery) = try state.receive(.init(bodySize: 0, properties: nil)) else {
            Issue.record("no delivery")
            return
        }
        #expect(delivery.defect == .malformedProperties)
    }

    @Test func framesOutOfOrderAreProtocolViolations() throws {
        var state = ChannelState(bodyLimit: 9)
        #expect(throws: AMQPError.self) { _ = try body([1], &state) }
        #expect(throws: AMQPError.self) { _ = try state.receive(.init(bodySize: 1, properties: nil)) }
        _ = try state.receive(deliver)
        #expect(throws: AMQPError.self) { _ = try state.receive(deliver) }
        _ = try state.receive(.init(bodySize: 1, properties: AMQPProperties()))
        #expect(throws: AMQPError.self) { _ = try body([1, 2], &state) }
        #expect(throws: AMQPError.self) { _ = try state.receive(.channelCloseOk) }
    }

    @Test func dispatchesConfirmsReturnsAndReplies() throws {
        var state = ChannelState(bodyLimit: 9)
        #expect(
            try state.receive(.basicNack(tag: 2, multiple: true))
                == .confirm(tag: 2, multiple: true, isAck: false))
        #expect(try state.receive(.basicQosOk) == .reply(.basicQosOk))
        #expect(try state.receive(.basicCancel(consumerTag: "x")) == .consumerCancelled)
        #expect(try state.receive(.channelFlow(active: false)) == .send(.channelFlowOk(active: false)))
        _ = try state.receive(
            .basicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "e", routingKey: "k"))
        let action = try state.receive(.init(bodySize: 0, properties: AMQPProperties()))
        guard case .returned(let message) = action else {
            Issue.record("no return")
            return
        }
        #expect(message.replyCode == 312)
        #expect(
            try state.receive(.channelClose(replyCode: 404, replyText: "no"))
                == .closed(AMQPError(.channelClosed, replyCode: 404, "no")))
    }

    @Test func ignoresEverythingButCloseOkAfterClosing() throws {
        var state = ChannelState(bodyLimit: 9)
        _ = try state.receive(deliver)
        state.beginClose()
        #expect(try state.receive(.init(bodySize: 1, properties: AMQPProperties())) == .none)
        #expect(try body([1], &state) == .none)
        #expect(try state.receive(deliver) == .none)
        #expect(try state.receive(.channelClose(replyCode: 404, replyText: "")) == .send(.channelCloseOk))
        #expect(try state.receive(.channelCloseOk) == .closeCompleted)
    }
}
