import EventLoop

/// A TCP relay in front of the broker that can cut, freeze and speak out of turn.
@Loop
final class Proxy {
    private var listener: Listener?
    private var pipes: [Pipe] = []
    private let upstream: Endpoint
    private(set) var connections = 0
    var isRefusing = false

    init(to upstream: Endpoint, tls: TLSServer? = nil) async throws {
        self.upstream = upstream
        listener = try await Listener(Endpoint(host: "127.0.0.1", port: 0), tls: tls) {
            [weak self] transport in
            self?.accept(transport)
        }
    }

    var port: UInt16 { listener?.port ?? 0 }

    private func accept(_ client: Transport) {
        if isRefusing { return client.close() }
        connections += 1
        Task { @Loop in
            let server = try await Transport.connect(to: upstream, timeout: .seconds(5))
            let pipe = Pipe(client, server)
            pipes.append(pipe)
            client.start(pipe)
            server.start(pipe)
        }
    }

    /// Ends every connection.
    func cut() {
        for pipe in pipes { pipe.cut() }
        pipes = []
    }

    /// Swallows everything from now on, without ending the connections: half open.
    func freeze() {
        for pipe in pipes { pipe.isFrozen = true }
    }

    /// Writes to the clients what the broker did not say.
    func inject(_ bytes: [UInt8]) {
        for pipe in pipes { pipe.client.write(bytes) }
    }

    func close() {
        listener?.close()
        listener = nil
        cut()
    }
}

@Loop
private final class Pipe: TransportHandler {
    let client: Transport
    private let server: Transport
    var isFrozen = false

    init(_ client: Transport, _ server: Transport) {
        self.client = client
        self.server = server
    }

    func cut() {
        client.close()
        server.close()
    }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        let count = bytes.count
        if !isFrozen { (transport === client ? server : client).write(bytes.span) }
        return count
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        if !isFrozen { cut() }
    }
}
