internal import EventLoop

/// The connections to one origin: a bounded number in use, the idle ones kept for the next request.
@Loop
final class ConnectionPool {
    private let address: HTTPURL
    private let configuration: HTTPClient.Configuration
    private let tls: TLSClient?
    private var idle: [HTTPClientConnection] = []
    private var active = 0
    /// Requests that wait until another is done.
    private let waiters: WaiterQueue<Void>

    init(_ address: HTTPURL, _ configuration: HTTPClient.Configuration, tls: TLSClient?) {
        self.address = address
        self.configuration = configuration
        self.tls = tls
        waiters = WaiterQueue(limit: configuration.maxWaitingPerOrigin)
    }

    var isUnused: Bool { active == 0 && idle.isEmpty && waiters.isEmpty }

    /// A connection for one exchange; `onIdle` returns it.
    ///
    /// - Parameter fresh: whether it must be a new connection.
    func acquire(fresh: Bool, deadline: Instant) async throws(HTTPError) -> HTTPClientConnection {
        if active >= configuration.maxConnectionsPerOrigin {
            try await wait(until: deadline)
        } else {
            active += 1
        }
        while let connection = idle.popLast() {
            connection.onClose = nil
            guard connection.isOpen else { continue }
            guard !fresh else {
                connection.transport.close()
                continue
            }
            return prepare(connection)
        }
        do throws(TransportError) {
            let left = Loop.now.duration(to: deadline)
            let transport = try await Transport.connect(
                to: address.endpoint, tls: tls, timeout: min(left, configuration.connectTimeout))
            return prepare(HTTPClientConnection(transport, headLimits: configuration.head))
        } catch {
            release()
            throw HTTPError(error)
        }
    }

    private func wait(until deadline: Instant) async throws(HTTPError) {
        let result = await waiters.wait(until: deadline)
        switch result {
        case .value: break
        case .timedOut: throw HTTPError(.timeout, "no free connection in time")
        case .cancelled: throw HTTPError(.cancelled, "cancelled")
        case .overloaded: throw HTTPError(.overloaded, "too many requests wait for a connection")
        }
    }

    private func prepare(_ connection: HTTPClientConnection) -> HTTPClientConnection {
        connection.onIdle = { [weak self, unowned connection] reusable in
            guard let self else { return connection.transport.close() }
            if reusable { keep(connection) }
            release()
        }
        return connection
    }

    private func keep(_ connection: HTTPClientConnection) {
        idle.append(connection)
        connection.idle(for: configuration.idleTimeout)
        connection.onClose = { [weak self, unowned connection] in
            self?.idle.removeAll { $0 === connection }
        }
    }

    /// Gives the slot of a finished exchange to the first waiting request.
    private func release() {
        if !waiters.resumeFirst(returning: ()) { active -= 1 }
    }

    func close() {
        for connection in idle {
            connection.onClose = nil
            connection.transport.close()
        }
        idle = []
    }
}
