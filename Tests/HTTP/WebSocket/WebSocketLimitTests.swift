import EventLoop
import Testing

@testable import HTTP

@Suite struct WebSocketLimitTests {
    private static let handshake =
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    @Loop private func withSocket(
        _ configuration: WebSocket.Configuration, _ body: (RawClient, EchoHandler) async throws -> Void
    ) async throws {
        let handler = EchoHandler()
        try await withServer {
            $0.get("/ws") { _ in .webSocket(handler, configuration) }
        } _: { server, port in
            let client = try await RawClient(port: port)
            // A frame right behind the handshake is not lost.
            client.send(Array(Self.handshake.utf8) + FrameDecoderTests.frame(.text, "first"))
            try await client.expect("\r\n\r\n")
            try await client.expect("first")
            #expect(client.text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            client.clear()
            try await body(client, handler)
            client.close()
            #expect(await eventually { server.statistics.connections == 0 })
            #expect(handler.end != nil)
        }
    }

    private func close(_ code: UInt16) -> [UInt8] { [UInt8(code >> 8), UInt8(code & 255)] }

    @Test @Loop func aSilentPeerIsPingedThenDisconnected() async throws {
        let configuration = WebSocket.Configuration(
            pingInterval: .milliseconds(20), pongTimeout: .milliseconds(40))
        try await withSocket(configuration) { client, handler in
            try await client.wait { client.bytes == [0x89, 0] }
            client.send(FrameDecoderTests.frame(.pong))
            try await client.wait { client.bytes.count >= 4 }
            try await client.expectClose()
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .abnormal)
        }
    }

    @Test @Loop func protocolErrorsCloseWithTheirCode() async throws {
        try await withSocket(.init()) { client, handler in
            client.send(FrameDecoderTests.frame(.continuation, "x"))
            try await client.expectClose()
            #expect(client.bytes[0] == 0x88)
            #expect(Array(client.bytes[2..<4]) == close(1002))
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .protocolError)
        }
    }

    @Test @Loop func messagesTooBigCloseWith1009() async throws {
        try await withSocket(.init(maxMessage: 1000)) { client, handler in
            client.send(FrameDecoderTests.frame(.text, String(repeating: "x", count: 1001)))
            try await client.expectClose()
            #expect(Array(client.bytes[2..<4]) == close(1009))
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .messageTooBig)
        }
    }

    @Test @Loop func theCloseFrameIsEchoed() async throws {
        try await withSocket(.init()) { client, handler in
            client.send(FrameDecoderTests.frame(.close, "\u{03}") + [])
            try await client.expectClose()
            #expect(Array(client.bytes[2..<4]) == close(1002))
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .protocolError)
        }
        try await withSocket(.init()) { client, handler in
            var frame: [UInt8] = []
            WebSocketFrameEncoder.append(.close, (close(3001) + Array("why".utf8)).span, mask: 7, to: &frame)
            client.send(frame + FrameDecoderTests.frame(.text, "after the close"))
            try await client.expectClose()
            #expect(client.bytes == [0x88, 2] + close(3001))
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == WebSocketCloseCode(3001))
            #expect(handler.end?.reason == "why")
            #expect(handler.texts == ["first"])
        }
    }

    @Test @Loop func aPeerThatDoesNotAnswerTheCloseIsDisconnected() async throws {
        try await withSocket(.init(closeTimeout: .milliseconds(20))) { client, handler in
            handler.socket?.close(.goingAway, reason: "bye")
            try await client.expectClose()
            #expect(client.bytes == [0x88, 5] + close(1001) + Array("bye".utf8))
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == .goingAway)
        }
    }

    @Test @Loop func aSlowReaderIsClosedWith4508() async throws {
        let configuration = WebSocket.Configuration(outputLimit: 128 << 10)
        try await withSocket(configuration) { client, handler in
            client.transport.pauseReading()
            let frame = WebSocketFrame(text: String(repeating: "x", count: 16 << 10))
            let sent = await eventually {
                for _ in 0..<4 { handler.socket?.send(frame) }
                return handler.socket?.isOpen == false
            }
            #expect(sent)
            #expect(handler.socket.map { $0.pendingOutput <= 200 << 10 } == true)
            client.transport.resumeReading()
            try await client.expectClose()
            let tail = Array(close(4508) + Array("reading too slowly".utf8))
            #expect(client.bytes.suffix(tail.count).elementsEqual(tail))
            #expect(await eventually { handler.end != nil })
            #expect(handler.end?.code == WebSocketCloseCode(4508))
        }
    }

    @Test @Loop func anInvalidUpgradeIsA426() async throws {
        try await withServer {
            $0.get("/ws") { _ in .webSocket(EchoHandler()) }
        } _: { _, port in
            let response = try await HTTPClient().get("http://127.0.0.1:\(port)/ws")
            #expect(response.status == .upgradeRequired)
            #expect(response.headers["Upgrade"] == "websocket")
        }
    }
}
