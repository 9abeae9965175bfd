import EventLoop
import Testing

@testable import HTTP

@Suite struct DrainTests {
    @Test @Loop func finishesCurrentRequestsAndClosesIdleConnections() async throws {
        var release = false
        let router = HTTPRouter()
        router.get("/slow") { _ in
            _ = await eventually { release }
            return HTTPResponse(text: "done")
        }
        let handler = EchoHandler()
        router.get("/ws") { _ in .webSocket(handler) }
        router.get("/stream") { _ in .stream(contentType: "text/plain") { $0.write("begun") } }
        let server = HTTPServer(router)
        let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))

        let idle = try await RawClient(port: port)
        let busy = try await RawClient(port: port)
        busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        let streaming = try await RawClient(port: port)
        streaming.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        try await streaming.expect("begun")
        let peer = EchoHandler()
        try await WebSocket.connect("ws://127.0.0.1:\(port)/ws", peer)
        #expect(await eventually { server.statistics.requests == 3 })

        let drained = Loop.task { await server.drain(within: .seconds(5)) }
        try await idle.expectClose()
        try await streaming.expect("0\r\n\r\n")
        #expect(await eventually { peer.end?.code == .goingAway })
        #expect(!busy.isClosed)
        release = true
        try await busy.expectClose()
        #expect(busy.text.contains("Connection: close\r\n"))
        #expect(busy.text.hasSuffix("done"))
        #expect(await drained.value)
        #expect(server.statistics.connections == 0)
        await #expect(throws: (any Error).self) { try await RawClient(port: port) }
    }

    @Test @Loop func closesWhatExceedsTheDrainLimit() async throws {
        let router = HTTPRouter()
        router.get("/") { _ in
            try? await Loop.sleep(for: .seconds(30))
            return HTTPResponse(.ok)
        }
        let server = HTTPServer(router)
        let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))
        let client = try await RawClient(port: port)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await eventually { server.statistics.requests == 1 })
        #expect(await server.drain(within: .milliseconds(20)) == false)
        try await client.expectClose()
        #expect(server.statistics.connections == 0)
    }
}
