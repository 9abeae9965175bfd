import EventLoop
import Testing

@testable import HTTP

/// Accepts a number of frames.
@Loop
private final class Counter: WebSocketHandler {
    private(set) var frames = 0
    private(set) var texts = 0
    private(set) var end: WebSocketCloseCode?
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func acceptsFrame(on socket: WebSocket) -> Bool {
        frames += 1
        if frames > limit { socket.close(WebSocketCloseCode(4429), reason: "too many") }
        return frames <= limit
    }
    func received(text: Span<UInt8>, on socket: WebSocket) { texts += 1 }
    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { end = code }
}

@Suite struct FrameLimitTests {
    private static func frames(_ opcode: WebSocketOpcode, _ count: Int, _ text: String = "") -> [UInt8] {
        (0..<count).flatMap { _ in FrameDecoderTests.frame(opcode, text) }
    }

    @Loop private func connect(_ port: UInt16) async throws -> RawClient {
        let client = try await RawClient(port: port)
        client.send(
            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        try await client.expect("\r\n\r\n")
        client.clear()
        return client
    }

    static let floods: [[UInt8]] = [
        frames(.ping, 5_000), frames(.pong, 5_000, "x"), frames(.text, 5_000),
        FrameDecoderTests.frame(.text, "", isFinal: false)
            + (0..<5_000).flatMap { _ in FrameDecoderTests.frame(.continuation, "", isFinal: false) },
    ]

    /// Control frames and empty ones too.
    @Test(arguments: floods) @Loop func everyFrameIsCounted(flood: [UInt8]) async throws {
        let handler = Counter(limit: 100)
        try await withServer {
            $0.get("/ws") { _ in .webSocket(handler) }
        } _: { _, port in
            let client = try await connect(port)
            client.send(flood)
            try await client.expectClose()
            #expect(await eventually { handler.end != nil })
            #expect(handler.frames == 101 && handler.end?.rawValue == 4429)
            #expect(client.bytes.suffix(12).starts(with: [0x88, 10, 0x11, 0x4D]))
        }
    }

    @Test @Loop func theLastOfManyPingsInARowIsAnswered() async throws {
        func pong(_ text: String) -> [UInt8] { [0x8A, UInt8(text.utf8.count)] + text.utf8 }
        try await withServer {
            $0.get("/ws") { _ in .webSocket(EchoHandler()) }
        } _: { _, port in
            let client = try await connect(port)
            client.send(
                Self.frames(.ping, 50, "first") + FrameDecoderTests.frame(.ping, "last")
                    + FrameDecoderTests.frame(.text, "text") + Self.frames(.ping, 10, "few"))
            let expected = pong("last") + [0x81, 4] + "text".utf8 + (0..<10).flatMap { _ in pong("few") }
            try await client.wait { client.bytes.count >= expected.count }
            #expect(client.bytes == expected)
        }
    }

    /// A client that was told of the end goes on sending.
    @Test @Loop func fewFramesAreReadAfterTheClose() async throws {
        let handler = EchoHandler()
        try await withServer {
            $0.get("/ws") { _ in .webSocket(handler) }
        } _: { _, port in
            let client = try await connect(port)
            #expect(await eventually { handler.socket != nil })
            handler.socket?.close(.goingAway)
            try await client.wait { client.bytes.count >= 4 }
            client.send(Self.frames(.pong, 10))
            #expect(handler.end == nil)
            client.send(Self.frames(.pong, 500))
            try await client.expectClose()
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .goingAway)
        }
    }

    @Test @Loop func partsOfMessagesShareABudget() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.bufferLimit = 50_000
        let handler = EchoHandler()
        try await withServer(configuration) {
            $0.get("/ws") { _ in .webSocket(handler) }
        } _: { server, port in
            let client = try await connect(port)
            for part in 1...2 {
                client.send(
                    FrameDecoderTests.frame(
                        part == 1 ? .text : .continuation, String(repeating: "x", count: 30_000),
                        isFinal: false))
            }
            try await client.expectClose()
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .tryAgainLater && server.bufferBudget.used == 0)
        }
    }
}
