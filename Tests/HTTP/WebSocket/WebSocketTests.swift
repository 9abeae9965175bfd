import EventLoop
import Testing

@testable import HTTP

/// Sends back what it gets, and keeps what it is told.
@Loop
final class EchoHandler: WebSocketHandler {
    private(set) var texts: [String] = []
    private(set) var end: (code: WebSocketCloseCode, reason: String)?
    private(set) var socket: WebSocket?
    private let echoes: Bool

    init(echoes: Bool = true) { self.echoes = echoes }

    func opened(_ socket: WebSocket) { self.socket = socket }
    func received(text: Span<UInt8>, on socket: WebSocket) {
        texts.append(String(repairing: text))
        if echoes { socket.send(text: text) }
    }
    func received(binary: Span<UInt8>, on socket: WebSocket) {
        if echoes { socket.send(binary: binary) }
    }
    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { end = (code, reason) }
}

@Suite struct WebSocketTests {
    @Test @Loop func echoes() async throws {
        try await withServer {
            $0.get("/ws") { _ in .webSocket(EchoHandler(), subprotocol: "a.v1") }
        } _: { server, port in
            let handler = EchoHandler(echoes: false)
            let socket = try await WebSocket.connect(
                "ws://127.0.0.1:\(port)/ws", handler, protocols: ["a.v1", "b"])
            #expect(socket.subprotocol == "a.v1")
            #expect(server.statistics.webSockets == 1)
            let long = String(repeating: "ü", count: 30_000)
            socket.send(text: "one")
            socket.send(text: long)
            #expect(await eventually { handler.texts.count == 2 })
            #expect(handler.texts == ["one", long])
            socket.close(.normal, reason: "done")
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .normal)
            #expect(await eventually { server.statistics.connections == 0 })
            #expect(server.statistics.webSockets == 0)
        }
    }

    @Test @Loop func refusalIsAPlainResponse() async throws {
        try await withServer {
            $0.get("/ws") { _ in HTTPResponse(problem: .unauthorized) }
        } _: { _, port in
            let error = await #expect(throws: HTTPError.self) {
                try await WebSocket.connect("ws://127.0.0.1:\(port)/ws", EchoHandler())
            }
            #expect(error?.code == .upgradeRefused)
            #expect(error?.status == .unauthorized)
        }
    }
}
