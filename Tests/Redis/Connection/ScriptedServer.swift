import EventLoop

@testable import Redis

/// A scripted peer on a free port, for behaviour that a real server does not show on request.
@Loop
final class ScriptedServer {
    /// The answer to received bytes; `nil` closes the connection.
    typealias Answer = @Loop (_ received: String) -> String?

    private var listener: Listener!
    fileprivate let answer: Answer
    private(set) var accepted = 0
    /// Connections that are open.
    fileprivate(set) var open = 0
    private var transports: [Transport] = []

    init(tls: TLSServer? = nil, _ answer: @escaping Answer) async throws {
        self.answer = answer
        listener = try await Listener(Endpoint(host: "127.0.0.1", port: 0), tls: tls) {
            [weak self] transport in
            guard let self else { return transport.close() }
            accepted += 1
            open += 1
            transports.append(transport)
            transport.start(Session(self))
        }
    }

    var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: Endpoint(host: "127.0.0.1", port: listener.port))
        configuration.commandTimeout = .seconds(10)
        configuration.connectTimeout = .seconds(5)
        configuration.backoff = Backoff(base: .milliseconds(1), cap: .milliseconds(5))
        return configuration
    }

    /// To all connections.
    func push(_ text: String) { for transport in transports { transport.write(text) } }

    func dropAll() {
        for transport in transports { transport.close() }
        transports = []
    }

    func close() {
        dropAll()
        listener.close()
    }

    /// Answers PING with PONG and leaves the rest to `answer`.
    static func answering(_ answer: @escaping Answer) async throws -> ScriptedServer {
        try await ScriptedServer { $0 == "*1\r\n$4\r\nPING\r\n" ? "+PONG\r\n" : answer($0) }
    }
}

@Loop
private final class Session: TransportHandler {
    private weak let server: ScriptedServer?

    init(_ server: ScriptedServer) { self.server = server }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        var text: [UInt8] = []
        for index in 0..<bytes.count { text.append(bytes[index]) }
        if let answer = server?.answer(String(decoding: text, as: UTF8.self)) {
            transport.write(answer)
        } else {
            transport.close()
        }
        return bytes.count
    }

    func closed(_ transport: Transport, _ error: TransportError?) { server?.open -= 1 }
}
