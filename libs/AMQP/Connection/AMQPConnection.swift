package import EventLoop

/// One AMQP connection: drives the handshake, the channels and the heartbeat over a transport. It does not
/// reconnect; ``AMQPClient`` does.
@Loop
package final class AMQPConnection: TransportHandler {
    /// Unsent bytes beyond which publishes are refused.
    static let saturation = 8 << 20

    let configuration: AMQPConfiguration
    private let transport: Transport
    private let codec = AMQPCodec()
    private var handshake: AMQPHandshake
    private var tuneParameters: AMQPHandshake.TuneParameters?
    private var channels: [UInt16: AMQPChannel] = [:]
    private var nextChannel: UInt16 = 1
    private var heartbeat = Heartbeat()
    private var heartbeatTimer: Timer?
    /// Channels that got deliveries from the bytes just read.
    private var readableChannels: [AMQPChannel] = []
    private var opening: LoopContinuation<AMQPError?>?
    private var closing: [LoopContinuation<Void>] = []

    /// Why the connection ended; nil while it is open.
    package private(set) var failure: AMQPError?
    /// The broker's reason while it accepts no publishes (https://www.rabbitmq.com/docs/connection-blocked).
    package private(set) var blockedReason: String?
    /// Called when `blockedReason` changes.
    var onBlocked: (() -> Void)?
    /// Called once.
    var onClosed: ((AMQPError) -> Void)?

    private init(_ transport: Transport, _ configuration: AMQPConfiguration) {
        self.transport = transport
        self.configuration = configuration
        handshake = AMQPHandshake(
            user: configuration.user, password: configuration.password,
            virtualHost: configuration.virtualHost, connectionName: configuration.connectionName,
            heartbeat: UInt16(clamping: configuration.heartbeat.components.seconds))
    }

    /// Connects and completes the handshake within `connectTimeout`.
    package static func open(_ configuration: AMQPConfiguration) async throws(AMQPError) -> AMQPConnection {
        let start = Instant.systemNow()
        let transport: Transport
        do {
            transport = try await Transport.connect(
                to: configuration.endpoint, tls: configuration.tls, timeout: configuration.connectTimeout)
        } catch {
            throw AMQPError(error.code == .tls ? .tls : .connectionFailed, error.description)
        }
        transport.outputLimit = 2 * saturation
        let connection = AMQPConnection(transport, configuration)
        let left = configuration.connectTimeout - start.duration(to: .systemNow())
        let timer = Timer { [weak connection] in
            connection?.fail(AMQPError(.connectionFailed, "no answer to the AMQP handshake"))
        }
        timer.arm(after: left)
        defer { timer.cancel() }
        let cancelled: AMQPError? = AMQPError(.cancelled)
        let failure = await Loop.suspend(orCancelled: cancelled) { continuation in
            connection.opening = continuation
            transport.start(connection)
            transport.write(AMQPFrame.protocolHeader)
        }
        if let failure {
            connection.fail(failure)
            throw failure
        }
        return connection
    }

    package var isOpen: Bool { failure == nil && tuneParameters != nil }

    /// The broker's product and version.
    package var server: String { tuneParameters?.server ?? "" }
    /// Whether quorum queues drop a message after 20 redeliveries unless they are told otherwise: RabbitMQ 4 does.
    var limitsDeliveries: Bool { tuneParameters?.serverMajor ?? 0 >= 4 }

    var frameMax: Int { tuneParameters?.frameMax ?? AMQPCodec.frameLimit }

    var isSaturated: Bool { transport.pendingOutput > Self.saturation }

    // MARK: Channels

    /// Opens a channel; it belongs to one publisher, consumer or sequence of calls.
    package func openChannel() async throws(AMQPError) -> AMQPChannel {
        if let failure { throw failure }
        let number = try freeChannel()
        let channel = AMQPChannel(number, self, bodyLimit: configuration.bodyLimit)
        channels[number] = channel
        _ = try await channel.call(.channelOpen)
        return channel
    }

    private func freeChannel() throws(AMQPError) -> UInt16 {
        let limit = tuneParameters?.channelMax ?? 1
        for _ in 0..<limit {
            let candidate = nextChannel
            nextChannel = nextChannel >= limit ? 1 : nextChannel + 1
            if channels[candidate] == nil { return candidate }
        }
        throw AMQPError(.overloaded, "no channel is free")
    }

    func release(_ channel: AMQPChannel) { channels[channel.number] = nil }

    func markReadable(of channel: AMQPChannel) { readableChannels.append(channel) }

    // MARK: Output

    func send(_ method: AMQPClientMethod, channel: UInt16) throws(AMQPError) {
        if let failure { throw failure }
        heartbeat.recordWritten()
        try transport.withOutput { output in
            Result { () throws(AMQPError) in try codec.append(method, channel: channel, to: &output) }
        }.get()
    }

    func publish(_ message: borrowing AMQPMessage, channel: UInt16) throws(AMQPError) {
        if let failure { throw failure }
        heartbeat.recordWritten()
        var fault: AMQPError?
        transport.withOutput { output in
            do throws(AMQPError) {
                try codec.appendPublish(message, channel: channel, frameMax: frameMax, to: &output)
            } catch { fault = error }
        }
        if let fault { throw fault }
    }

    // MARK: Input

    package func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        heartbeat.recordReceived()
        let span = bytes.span
        var offset = 0
        do throws(AMQPError) {
            while failure == nil,
                let frame = try AMQPFrame.find(in: span, at: offset, maximum: AMQPCodec.frameLimit)
            {
                try receive(frame, span.extracting(frame.payload))
                offset = frame.upperBound
            }
        } catch {
            closeWithProtocolError(error)
            return span.count
        }
        if !readableChannels.isEmpty {
            let channels = readableChannels
            readableChannels.removeAll(keepingCapacity: true)
            for channel in channels { channel.readCompleted() }
        }
        return failure == nil ? offset : span.count
    }

    private func receive(_ frame: AMQPFrame, _ payload: Span<UInt8>) throws(AMQPError) {
        switch frame.kind {
        case .heartbeat: return
        case .method:
            let method = try codec.decodeMethod(payload)
            if frame.channel == 0 { return try receive(method) }
            try channels[frame.channel]?.receive(method)
        case .header:
            guard let channel = channels[frame.channel] else { return }
            try channel.receive(codec.decodeHeader(payload))
        case .body: try channels[frame.channel]?.receiveBody(payload)
        }
    }

    private func receive(_ method: AMQPServerMethod) throws(AMQPError) {
        guard tuneParameters != nil else {
            switch try handshake.receive(method) {
            case .send(let methods):
                for method in methods { try send(method, channel: 0) }
            case .done(let parameters):
                self.tuneParameters = parameters
                startHeartbeat(parameters.heartbeat)
                opening?.resume(returning: nil)
                opening = nil
            }
            return
        }
        switch method {
        case .connectionClose(let replyCode, let replyText):
            try? send(.connectionCloseOk, channel: 0)
            end(AMQPError(.connectionClosed, replyCode: replyCode, replyText))
            transport.closeAfterFlush(within: .seconds(1))
        case .connectionCloseOk:
            fail(AMQPError(.closed))
        case .connectionBlocked(let reason):
            blockedReason = reason
            onBlocked?()
        case .connectionUnblocked:
            blockedReason = nil
            onBlocked?()
        default: throw AMQPError(.protocolViolation, replyCode: 503, "a channel's method on channel 0")
        }
    }

    private func startHeartbeat(_ seconds: UInt16) {
        guard seconds > 0 else { return }
        let halfInterval = Duration.milliseconds(Int64(seconds) * 500)
        heartbeatTimer = Timer { [weak self] in
            guard let self, failure == nil else { return }
            switch heartbeat.tick() {
            case .idle: break
            case .send: transport.write(AMQPFrame.heartbeat)
            case .lost: return fail(AMQPError(.connectionLost, "two heartbeats missed"))
            }
            heartbeatTimer?.arm(after: halfInterval)
        }
        heartbeatTimer?.arm(after: halfInterval)
    }

    // MARK: Closing

    /// Sends `connection.close`, waits for the reply at most `limit`, and closes.
    package func close(within limit: Duration = .seconds(1)) async {
        guard failure == nil else { return }
        do {
            try send(.connectionClose(replyCode: 200, replyText: "bye"), channel: 0)
        } catch {
            return fail(error)
        }
        let timer = Timer { [weak self] in self?.fail(AMQPError(.closed)) }
        timer.arm(after: limit)
        await Loop.suspend { closing.append($0) }
        timer.cancel()
    }

    package func closed(_ transport: Transport, _ error: TransportError?) {
        let isLoginRefused = tuneParameters == nil && handshake.isAuthenticating && error == nil
        end(
            isLoginRefused
                ? AMQPError(.authenticationFailed, "the broker closed the connection during authentication")
                : AMQPError(.connectionLost, error?.description ?? "the broker closed the connection"))
    }

    /// Closes the connection at once.
    func fail(_ error: AMQPError) {
        end(error)
        transport.close()
    }

    /// Closes the connection, with the violated rule's reply code for the broker.
    private func closeWithProtocolError(_ error: AMQPError) {
        if tuneParameters != nil, failure == nil {
            try? send(
                .connectionClose(replyCode: error.replyCode ?? 501, replyText: "protocol error"), channel: 0)
        }
        end(error)
        transport.closeAfterFlush(within: .milliseconds(500))
    }

    private func end(_ error: AMQPError) {
        guard failure == nil else { return }
        failure = error
        heartbeatTimer?.cancel()
        heartbeatTimer = nil
        let openChannels = channels.values
        channels = [:]
        readableChannels = []
        for channel in openChannels { channel.end(error) }
        opening?.resume(returning: error)
        opening = nil
        for continuation in closing { continuation.resume() }
        closing = []
        onClosed?(error)
        onClosed = nil
        onBlocked = nil
    }
}
