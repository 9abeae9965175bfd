internal import CLinux
internal import Glibc

extension Transport {
    /// Connects to the first address of `endpoint` that answers, and completes the TLS handshake when `tls`
    /// is given. `timeout` covers all of it.
    package static func connect(
        to endpoint: Endpoint, tls: TLSClient? = nil, timeout: Duration
    ) async throws(TransportError) -> Transport {
        let deadline = Instant.systemNow() + timeout
        let addresses = try await Loop.resolve(endpoint, timeout: timeout)
        var lastError = TransportError(.timeout, "no answer from \(endpoint) within \(timeout)")
        for (index, address) in addresses.enumerated() {
            let left = Instant.systemNow().duration(to: deadline)
            guard left > .zero, !Task.isCancelled else { break }
            do {
                let attempt = try ConnectAttempt(address, tls: tls, host: endpoint.host)
                // The remaining addresses get their share of the time.
                return try await attempt.run(within: left / (addresses.count - index))
            } catch {
                lastError = error
            }
        }
        throw lastError
    }
}

/// One socket being connected: waits for TCP, then drives the TLS handshake.
@Loop
private final class ConnectAttempt: DescriptorHandler {
    private let address: SocketAddress
    private let descriptor: Int32
    private let session: TLSSession?
    private var registration: Registration?
    private let waiters = WaiterQueue<TransportError?>()
    private var isConnected: Bool
    private var result: TransportError??

    init(_ address: SocketAddress, tls: TLSClient?, host: String) throws(TransportError) {
        self.address = address
        descriptor = try Socket.make(for: address)
        do {
            session = try tls?.makeSession(descriptor: descriptor, host: host)
            isConnected = try Socket.connect(descriptor, to: address)
            registration = try Loop.register(descriptor, self, interest: .writable)
        } catch {
            close(descriptor)
            throw error
        }
    }

    func run(within limit: Duration) async throws(TransportError) -> Transport {
        let error: TransportError? =
            switch await waiters.wait(until: Loop.now + limit, unless: { result }) {
            case .value(let error): error
            case .timedOut, .overloaded: TransportError(.timeout, "no answer from \(address) within \(limit)")
            case .cancelled: TransportError(.timeout, "connecting to \(address) was cancelled")
            }
        registration?.cancel()
        if let error {
            close(descriptor)
            throw error
        }
        return try Transport(descriptor: descriptor, tls: session)
    }

    func descriptorReady(_ readiness: Readiness) {
        if !isConnected {
            let code = Socket.error(of: descriptor)
            guard code == 0 else {
                return finish(TransportError(.system(code), "cannot connect to \(address)"))
            }
            isConnected = true
        }
        guard let session else { return finish(nil) }
        switch session.handshake() {
        case .done: finish(nil)
        case .wantsRead: registration?.update(.readable)
        case .wantsWrite: registration?.update(.writable)
        case .failed(let error): finish(error)
        }
    }

    private func finish(_ error: TransportError?) {
        guard result == nil else { return }
        result = .some(error)
        registration?.cancel()
        waiters.resumeFirst(returning: error)
    }
}
