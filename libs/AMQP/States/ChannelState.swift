/// One channel's client-side state: assembles content from frames and interprets each method. No I/O: actions
/// are returned as values.
struct ChannelState: Sendable {
    enum Action: Sendable, Equatable {
        case none
        /// Replies to the oldest waiting call.
        case reply(AMQPServerMethod)
        /// Replies to a `basic.get`, the oldest waiting call.
        case got(AMQPDelivery)
        case deliver(AMQPDelivery)
        case returned(AMQPReturnedMessage)
        case confirm(tag: UInt64, multiple: Bool, isAck: Bool)
        /// The broker ended the consumer: its queue was deleted or moved.
        case consumerCancelled
        case send(AMQPClientMethod)
        /// The broker closed the channel: answer `closeOk` and fail all waiting calls.
        case closed(AMQPError)
        /// The broker confirmed this side's close.
        case closeCompleted
    }

    private enum Content: Sendable {
        case delivery(AMQPDelivery)
        case get(AMQPDelivery)
        case returned(AMQPReturnedMessage)
    }

    private enum Phase: Sendable {
        case idle
        case header(Content)
        case body(Content, received: UInt64, size: UInt64)
    }

    /// Larger bodies, in bytes, are skipped and flagged, never buffered.
    let bodyLimit: Int
    private var phase = Phase.idle
    private var body: [UInt8] = []
    private var isClosing = false

    init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    /// After this side's `channel.close` only its reply, or the broker's own close, is processed.
    mutating func beginClose() {
        isClosing = true
        phase = .idle
    }

    mutating func receive(_ method: AMQPServerMethod) throws(AMQPError) -> Action {
        if isClosing {
            switch method {
            case .channelCloseOk: return .closeCompleted
            case .channelClose: return .send(.channelCloseOk)
            default: return .none
            }
        }
        guard case .idle = phase else {
            throw AMQPError(.protocolViolation, replyCode: 505, "a method in the middle of content")
        }
        switch method {
        case .basicDeliver(let tag, let isRedelivered, let exchange, let routingKey):
            phase = .header(
                .delivery(
                    AMQPDelivery(
                        tag: tag, isRedelivered: isRedelivered, exchange: exchange, routingKey: routingKey)))
            return .none
        case .basicGetOk(let tag, let isRedelivered, let exchange, let routingKey):
            phase = .header(
                .get(
                    AMQPDelivery(
                        tag: tag, isRedelivered: isRedelivered, exchange: exchange, routingKey: routingKey)))
            return .none
        case .basicReturn(let replyCode, let replyText, let exchange, let routingKey):
            phase = .header(
                .returned(
                    AMQPReturnedMessage(
                        replyCode: replyCode, replyText: replyText, exchange: exchange,
                        routingKey: routingKey, properties: AMQPProperties(), body: [])))
            return .none
        case .basicAck(let tag, let multiple): return .confirm(tag: tag, multiple: multiple, isAck: true)
        case .basicNack(let tag, let multiple): return .confirm(tag: tag, multiple: multiple, isAck: false)
        case .basicCancel: return .consumerCancelled
        case .channelFlow(let active): return .send(.channelFlowOk(active: active))
        case .channelClose(let replyCode, let replyText):
            return .closed(AMQPError(.channelClosed, replyCode: replyCode, replyText))
        case .channelCloseOk:
            throw AMQPError(.protocolViolation, replyCode: 503, "channel.close-ok without a close")
        case .connectionStart, .connectionTune, .connectionOpenOk, .connectionClose, .connectionCloseOk,
            .connectionBlocked, .connectionUnblocked:
            throw AMQPError(.protocolViolation, replyCode: 503, "a connection method on a channel")
        default: return .reply(method)
        }
    }

    mutating func receive(_ header: AMQPCodec.ContentHeader) throws(AMQPError) -> Action {
        if isClosing { return .none }
        guard case .header(var content) = phase else {
            throw AMQPError(.protocolViolation, replyCode: 505, "a content header out of place")
        }
        let defect: AMQPDelivery.Defect? =
            if header.properties == nil {
                .malformedProperties
            } else if header.bodySize > UInt64(bodyLimit) { .oversized(header.bodySize) } else { nil }
        let properties = header.properties ?? AMQPProperties()
        switch content {
        case .delivery(var delivery):
            delivery.properties = properties
            delivery.defect = defect
            content = .delivery(delivery)
        case .get(var delivery):
            delivery.properties = properties
            delivery.defect = defect
            content = .get(delivery)
        case .returned(var message):
            message.properties = properties
            content = .returned(message)
        }
        guard header.bodySize > 0 else {
            phase = .idle
            return Self.complete(content, [])
        }
        if header.bodySize <= UInt64(bodyLimit) { body.reserveCapacity(Int(header.bodySize)) }
        phase = .body(content, received: 0, size: header.bodySize)
        return .none
    }

    mutating func receiveBody(_ bytes: Span<UInt8>) throws(AMQPError) -> Action {
        if isClosing { return .none }
        guard case .body(let content, var received, let size) = phase else {
            throw AMQPError(.protocolViolation, replyCode: 505, "a body frame out of place")
        }
        received += UInt64(bytes.count)
        guard received <= size else {
            throw AMQPError(.protocolViolation, replyCode: 501, "a body longer than announced")
        }
        if size <= UInt64(bodyLimit) {
            unsafe bytes.withUnsafeBufferPointer { unsafe body.append(contentsOf: $0) }
        }
        guard received == size else {
            phase = .body(content, received: received, size: size)
            return .none
        }
        phase = .idle
        let whole = body
        body = []
        return Self.complete(content, whole)
    }

    private static func complete(_ content: Content, _ body: [UInt8]) -> Action {
        switch content {
        case .delivery(var delivery):
            delivery.body = body
            return .deliver(delivery)
        case .get(var delivery):
            delivery.body = body
            return .got(delivery)
        case .returned(var message):
            message.body = body
            return .returned(message)
        }
    }
}
