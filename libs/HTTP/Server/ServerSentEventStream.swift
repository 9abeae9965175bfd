package import EventLoop

/// One server-sent event (WHATWG HTML, 9.2), encoded once and sent to any number of streams.
package struct ServerSentEvent: Sendable {
    package let bytes: [UInt8]

    /// - Parameters:
    ///   - id: the browser sends it back as `Last-Event-ID`.
    ///   - data: UTF-8; each of its lines becomes a line of the event.
    package init(event: String? = nil, id: String? = nil, data: Span<UInt8>) {
        var out: [UInt8] = []
        out.reserveCapacity(data.count + 64)
        if let id { Self.append("id: ", id, to: &out) }
        if let event { Self.append("event: ", event, to: &out) }
        out.append(ascii: "data: ")
        for i in data.indices {
            switch data[i] {
            case 10: out.append(ascii: "\ndata: ")
            case 13: break
            default: out.append(data[i])
            }
        }
        out.append(ascii: "\n\n")
        bytes = out
    }

    package init(event: String? = nil, id: String? = nil, data: String) {
        self.init(event: event, id: id, data: data.utf8.span)
    }

    private static func append(_ field: String, _ value: String, to out: inout [UInt8]) {
        out.append(ascii: field)
        for byte in value.utf8 where byte >= 32 { out.append(byte) }
        out.append(10)
    }
}

/// A stream of server-sent events, kept alive by comments.
@Loop
package final class ServerSentEventStream {
    private let stream: HTTPResponseStream
    private let interval: Duration
    private lazy var timer = Timer { [weak self] in self?.beat() }

    init(_ stream: HTTPResponseStream, heartbeat: Duration) {
        self.stream = stream
        interval = heartbeat
        // A client that vanished without closing is detected by unacknowledged heartbeats.
        stream.expectAcknowledgement(within: heartbeat * 2)
        timer.arm(after: heartbeat)
    }

    package var isOpen: Bool { stream.isOpen }
    package var pendingOutput: Int { stream.pendingOutput }

    /// The client or the server ended the connection.
    package var onClosed: (@Loop (HTTPStreamEnd) -> Void)? {
        get { stream.onClosed }
        set {
            stream.onClosed = { [timer] ending in
                timer.cancel()
                newValue?(ending)
            }
        }
    }

    /// The server is about to stop; the stream is finished unless this is set.
    package var onDraining: (@Loop () -> Void)? {
        get { stream.onDraining }
        set { stream.onDraining = newValue }
    }

    /// - Returns: false when the stream is over.
    @discardableResult
    package func send(_ event: ServerSentEvent) -> Bool { stream.write(event.bytes) }

    /// Tells the browser how long to wait before it connects again.
    package func send(retry: Duration) {
        stream.write("retry: \(retry.nanoseconds / 1_000_000)\n\n")
    }

    /// Keeps events back until ``release()``, so that those that follow soon are sent with them.
    package func hold() { stream.hold() }
    package func release() { stream.release() }

    package func finish() {
        timer.cancel()
        stream.finish()
    }

    private func beat() {
        guard stream.write(":\n\n") else { return }
        timer.arm(after: interval)
    }
}

extension HTTPResponse {
    /// A stream of server-sent events.
    ///
    /// - Parameters:
    ///   - heartbeat: the interval of comments, which keep proxies from closing the connection.
    ///   - start: gets the stream, keeps it and writes to it.
    package static func eventStream(
        headers: HTTPHeaders = HTTPHeaders(), heartbeat: Duration = .seconds(15),
        _ start: @escaping @Loop (ServerSentEventStream) -> Void
    ) -> HTTPResponse {
        var headers = headers
        headers.add("Cache-Control", "no-store")
        headers.add("X-Accel-Buffering", "no")
        return .stream(contentType: "text/event-stream", headers: headers) { stream in
            let events = ServerSentEventStream(stream, heartbeat: heartbeat)
            events.onClosed = nil
            start(events)
        }
    }
}
