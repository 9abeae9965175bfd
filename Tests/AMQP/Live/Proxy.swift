import EventLoop

/// A TCP proxy in front of the broker that can cut and freeze connections and inject bytes.
@Loop
final class Proxy {
    private var listener: Listener?
    private var pipes: [Pipe] = []
    private let upstream: Endpoint
    private(set) var connections = 0
    var isRefusing = false
    /// Keeps the broker's acks back.
    var dropsConfirms = false

    init(to upstream: Endpoint) async throws {
        self.upstream = upstream
        listener = try await Listener(Endpoint(host: "127.0.0.1", port: 0)) { [weak self] transport in
            self?.accept(transport)
        }
    }

    var port: UInt16 { listener?.port ?? 0 }

    private func accept(_ client: Transport) {
        if isRefusing { return client.close() }
        connections += 1
        Task { @Loop in
            let server = try await Transport.connect(to: upstream, timeout: .seconds(5))
            let pipe = Pipe(client, server) { [weak self] in self?.dropsConfirms ?? false }
            pipes.append(pipe)
            client.start(pipe)
            server.start(pipe)
        }
    }

    /// Heartbeat frames that were forwarded alone.
    var heartbeats: (fromClients: Int, fromBroker: Int) {
        pipes.reduce((0, 0)) { ($0.0 + $1.heartbeats.fromClient, $0.1 + $1.heartbeats.fromServer) }
    }

    /// Closes every connection.
    func cut() {
        for pipe in pipes { pipe.cut() }
        pipes = []
    }

    /// Drops all further bytes without closing the connections, which leaves them half open.
    func freeze() {
        for pipe in pipes { pipe.isFrozen = true }
    }

    /// Sends bytes to the clients that the broker did not send.
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
    private(set) var heartbeats = (fromClient: 0, fromServer: 0)

    private let dropsConfirms: () -> Bool
    /// The class and method of `basic.ack`, after a frame's header.
    private static let ack: [UInt8] = [0, 60, 0, 80]
    private static let heartbeat: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 0xCE]

    init(_ client: Transport, _ server: Transport, dropsConfirms: @escaping () -> Bool) {
        self.dropsConfirms = dropsConfirms
        self.client = client
        self.server = server
    }

    func cut() {
        client.close()
        server.close()
    }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        let count = bytes.count
        let isClients = transport === client
        let isAck = !isClients && count == 21 && (0..<4).allSatisfy { bytes[7 + $0] == Self.ack[$0] }
        if isAck, dropsConfirms() { return count }
        if !isFrozen { (isClients ? server : client).write(bytes.span) }
        if count == Self.heartbeat.count, bytes.indices.allSatisfy({ bytes[$0] == Self.heartbeat[$0] }) {
            if isClients { heartbeats.fromClient += 1 } else { heartbeats.fromServer += 1 }
        }
        return count
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        if !isFrozen { cut() }
    }
}
