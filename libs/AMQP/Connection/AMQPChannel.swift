package import EventLoop

/// What a channel reports to its publisher or consumer. Called on the loop, in order of arrival.
@Loop
protocol ChannelDelegate: AnyObject {
    func channel(_ channel: AMQPChannel, delivered delivery: AMQPDelivery)
    /// All bytes of one read have been processed.
    func channelReadCompleted(_ channel: AMQPChannel)
    func channel(_ channel: AMQPChannel, returned message: AMQPReturnedMessage)
    func channel(_ channel: AMQPChannel, confirmed tag: UInt64, multiple: Bool, isAck: Bool)
    func channelConsumerCancelled(_ channel: AMQPChannel)
    /// The channel, or its connection, has closed. Called once.
    func channel(_ channel: AMQPChannel, closed error: AMQPError)
}

extension ChannelDelegate {
    func channel(_ channel: AMQPChannel, delivered delivery: AMQPDelivery) {}
    func channelReadCompleted(_ channel: AMQPChannel) {}
    func channel(_ channel: AMQPChannel, returned message: AMQPReturnedMessage) {}
    func channel(_ channel: AMQPChannel, confirmed tag: UInt64, multiple: Bool, isAck: Bool) {}
    func channelConsumerCancelled(_ channel: AMQPChannel) {}
}

/// One channel of a connection: calls with their replies in order, and messages from the broker.
@Loop
package final class AMQPChannel {
    /// The reply to a call.
    enum Reply: Sendable {
        case method(AMQPServerMethod)
        case delivery(AMQPDelivery)
    }

    private struct Call {
        /// nil: a later call of the same group waits.
        var continuation: LoopContinuation<Result<Reply, AMQPError>>?
        var timer: Timer?
    }

    let number: UInt16
    private let connection: AMQPConnection
    private var state: ChannelState
    private var calls = Deque<Call>()
    private var isMarkedReadable = false
    /// Retained until the channel closes.
    var delegate: (any ChannelDelegate)?
    package private(set) var failure: AMQPError?

    init(_ number: UInt16, _ connection: AMQPConnection, bodyLimit: Int) {
        self.number = number
        self.connection = connection
        state = ChannelState(bodyLimit: bodyLimit)
    }

    package var isOpen: Bool { failure == nil }

    /// Whether the connection's output buffer is too full for more messages.
    var isSaturated: Bool { connection.isSaturated }
    var isBlocked: Bool { connection.blockedReason != nil }

    // MARK: Output

    func send(_ method: AMQPClientMethod) throws(AMQPError) {
        if let failure { throw failure }
        try connection.send(method, channel: number)
    }

    func publish(_ message: borrowing AMQPMessage) throws(AMQPError) {
        if let failure { throw failure }
        try connection.publish(message, channel: number)
    }

    /// Sends one call and waits for its answer.
    func call(_ method: AMQPClientMethod) async throws(AMQPError) -> AMQPServerMethod {
        guard case .method(let reply) = try await exchange([method]) else {
            throw AMQPError(.protocolViolation, "content instead of a reply")
        }
        return reply
    }

    /// Sends calls in one write and waits for the last reply: the broker replies in order, and a failing call
    /// closes the channel, which fails them all.
    func exchange(_ methods: [AMQPClientMethod]) async throws(AMQPError) -> Reply {
        for method in methods { try send(method) }
        let timeout = connection.configuration.callTimeout
        let result = await Loop.suspend(orCancelled: Result<Reply, AMQPError>.failure(AMQPError(.cancelled)))
        {
            continuation in
            for _ in methods.dropLast() { calls.append(Call()) }
            let timer = Timer { [connection] in
                connection.fail(AMQPError(.timeout, "no reply within \(timeout)"))
            }
            timer.arm(after: timeout)
            calls.append(Call(continuation: continuation, timer: timer))
        }
        return try result.get()
    }

    /// Closes the channel; its unacked messages are requeued.
    package func close() async {
        guard failure == nil else { return }
        do {
            try send(.channelClose(replyCode: 200, replyText: "bye"))
            state.beginClose()
            fail(calls: AMQPError(.closed))
            let timeout = connection.configuration.callTimeout
            let _: Result<Reply, AMQPError> = await Loop.suspend { continuation in
                let timer = Timer { [connection] in
                    connection.fail(AMQPError(.timeout, "no reply within \(timeout)"))
                }
                timer.arm(after: timeout)
                calls.append(Call(continuation: continuation, timer: timer))
            }
        } catch {
            end(error)
        }
    }

    // MARK: Input

    func receive(_ method: AMQPServerMethod) throws(AMQPError) { try perform(state.receive(method)) }

    func receive(_ header: AMQPCodec.ContentHeader) throws(AMQPError) { try perform(state.receive(header)) }

    func receiveBody(_ bytes: Span<UInt8>) throws(AMQPError) { try perform(state.receiveBody(bytes)) }

    private func perform(_ action: ChannelState.Action) throws(AMQPError) {
        switch action {
        case .none: break
        case .deliver(let delivery):
            if !isMarkedReadable {
                isMarkedReadable = true
                connection.markReadable(of: self)
            }
            delegate?.channel(self, delivered: delivery)
        case .confirm(let tag, let multiple, let isAck):
            delegate?.channel(self, confirmed: tag, multiple: multiple, isAck: isAck)
        case .returned(let message): delegate?.channel(self, returned: message)
        case .consumerCancelled: delegate?.channelConsumerCancelled(self)
        case .reply(let method): try answer(.method(method))
        case .got(let delivery): try answer(.delivery(delivery))
        case .send(let method): try send(method)
        case .closed(let error):
            try send(.channelCloseOk)
            end(error)
        case .closeCompleted: end(AMQPError(.closed))
        }
    }

    private func answer(_ reply: Reply) throws(AMQPError) {
        guard let call = calls.popFirst() else {
            throw AMQPError(.protocolViolation, replyCode: 503, "an unexpected reply")
        }
        call.timer?.cancel()
        call.continuation?.resume(returning: .success(reply))
    }

    func readCompleted() {
        isMarkedReadable = false
        delegate?.channelReadCompleted(self)
    }

    /// A violation on one channel makes the whole connection unreliable.
    func failConnection(_ error: AMQPError) { connection.fail(error) }

    // MARK: Closing

    func end(_ error: AMQPError) {
        guard failure == nil else { return }
        failure = error
        connection.release(self)
        fail(calls: error)
        let delegate = delegate
        self.delegate = nil
        delegate?.channel(self, closed: error)
    }

    private func fail(calls error: AMQPError) {
        while let call = calls.popFirst() {
            call.timer?.cancel()
            call.continuation?.resume(returning: .failure(error))
        }
    }
}
