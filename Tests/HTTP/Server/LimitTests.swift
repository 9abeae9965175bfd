import EventLoop
import Testing

@testable import HTTP

/// What a server bounds: time, connections, memory. Limits are short here, so that nothing sleeps.
@Suite struct LimitTests {
    private static let short = Duration.milliseconds(40)

    @Test @Loop func aSlowHeadIsA408() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.headTimeout = Self.short
        try await withServer(configuration) { _ in
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost:")
            try await client.expectClose()
            #expect(client.text.hasPrefix("HTTP/1.1 408 "))
            #expect(client.text.contains("Connection: close"))
            #expect(server.statistics.refused == 1)
        }
    }

    @Test @Loop func aTricklingHeadGetsNoMoreTime() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.headTimeout = Self.short
        try await withServer(configuration) { _ in
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\n")
            let started = Loop.now
            while !client.isClosed, started.duration(to: Loop.now) < .seconds(5) {
                client.send("A: b\r\n")
                try await Loop.sleep(for: .milliseconds(4))
            }
            #expect(client.text.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test @Loop func aSlowBodyIsA408() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.bodyTimeout = Self.short
        try await withServer(configuration) {
            $0.post("/") { _ in HTTPResponse(.ok) }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
            try await client.expectClose()
            #expect(client.text.hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test @Loop func anIdleConnectionIsClosed() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.idleTimeout = Self.short
        try await withServer(configuration) {
            $0.get("/") { _ in HTTPResponse(.ok) }
        } _: { _, port in
            let served = try await RawClient(port: port)
            served.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await served.expectClose()
            #expect(served.text.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test @Loop func aSlowHandlerIsA503AndCancelled() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.handlerTimeout = Self.short
        var wasCancelled = false
        try await withServer(configuration) {
            $0.get("/") { _ in
                do { try await Loop.sleep(for: .seconds(30)) } catch { wasCancelled = true }
                return HTTPResponse(.ok)
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expectClose()
            #expect(client.text.hasPrefix("HTTP/1.1 503 "))
            #expect(client.occurrences(of: "HTTP/1.1") == 1)
            #expect(await eventually { wasCancelled })
        }
    }

    /// One that half-closes gets its answer if it comes soon.
    @Test @Loop func aClientThatDisconnectsCancelsItsHandler() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.lingerTimeout = Self.short
        var started = false
        var wasCancelled = false
        try await withServer(configuration) {
            $0.get("/") { _ in
                started = true
                do { try await Loop.sleep(for: .seconds(30)) } catch { wasCancelled = true }
                return HTTPResponse(.ok)
            }
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await eventually { started })
            client.close()
            #expect(await eventually { wasCancelled && server.statistics.connections == 0 })
        }
    }

    /// What it began has effects, which the handler ends or undoes.
    @Test @Loop func anUnsafeRequestIsEndedWithoutItsClient() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.handlerTimeout = Self.short
        var continuation: LoopContinuation<Void>?
        var ends: [Bool] = []
        try await withServer(configuration) {
            $0.post("/") { _ in
                await Loop.suspend(orCancelled: ()) { continuation = $0 }
                ends.append(Task.isCancelled)
                return HTTPResponse(.ok)
            }
        } _: { server, port in
            for leaves in [true, false] {
                continuation = nil
                let client = try await RawClient(port: port)
                client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                #expect(await eventually { continuation != nil })
                if leaves {
                    client.close()
                } else {
                    try await client.expectClose()
                    #expect(client.text.hasPrefix("HTTP/1.1 503 "))
                }
                #expect(await eventually { server.statistics.connections == 0 })
                #expect(ends.allSatisfy { !$0 } && ends.count == (leaves ? 0 : 1))
                continuation?.resume()
            }
            #expect(await eventually { ends == [false, false] })
        }
    }

    @Test @Loop func connectionsPastTheLimitAreRefused() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.maxConnections = 2
        try await withServer(configuration) {
            $0.get("/") { _ in HTTPResponse(.ok) }
        } _: { server, port in
            let clients = [try await RawClient(port: port), try await RawClient(port: port)]
            #expect(await eventually { server.statistics.connections == 2 })
            let third = try await RawClient(port: port)
            try await third.expectClose()
            #expect(third.text.hasPrefix("HTTP/1.1 503 "))
            #expect(server.statistics.rejected == 1)
            clients[0].close()
            #expect(await eventually { server.statistics.connections == 1 })
            let fourth = try await RawClient(port: port)
            fourth.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await fourth.expect("200 OK")
        }
    }

    @Test @Loop func connectionsOfOneAddressAreLimited() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.maxConnectionsPerAddress = 1
        configuration.trustedProxies = []
        try await withServer(configuration) { _ in
        } _: { server, port in
            let first = try await RawClient(port: port)
            #expect(await eventually { server.statistics.connections == 1 })
            let second = try await RawClient(port: port)
            try await second.expectClose()
            #expect(second.text.hasPrefix("HTTP/1.1 503 "))
            first.close()
            #expect(await eventually { server.statistics.connections == 0 })
            let third = try await RawClient(port: port)
            #expect(await eventually { server.statistics.connections == 1 })
            third.close()
        }
    }

    @Test @Loop func aBodyTooLargeIsRefusedBeforeItIsRead() async throws {
        try await withServer {
            $0.post("/", bodyLimit: 1000) { HTTPResponse(text: "\($0.body.count)") }
        } _: { _, port in
            let early = try await RawClient(port: port)
            early.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n")
            try await early.expectClose()
            #expect(early.text.hasPrefix("HTTP/1.1 413 "))

            let chunked = try await RawClient(port: port)
            chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n")
            chunked.send(String(repeating: "x", count: 1000) + "\r\n1\r\n")
            try await chunked.expectClose()
            #expect(chunked.text.hasPrefix("HTTP/1.1 413 "))
        }
    }

    /// The client is in the middle of sending when it is refused: it must still see why.
    @Test @Loop func anErrorReachesAClientThatIsStillSending() async throws {
        try await withServer {
            $0.post("/", bodyLimit: 10) { _ in HTTPResponse(.ok) }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
            client.send(String(repeating: "x", count: 3_000_000))
            try await client.expect("HTTP/1.1 413 ")
            #expect(client.text.contains("Connection: close"))
        }
    }

    /// So that the answer can name the request, and repeat the id that its client gave.
    @Test(arguments: [
        ("Content-Length: 1001\r\n\r\n", "413 body too large"),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400 malformed chunked body"),
        ("Content-Length: 5\r\n\r\nab", "408 the body did not arrive in time"),
        ("Content-Length: 1\r\n\r\nx", "503 no answer in time"),
        ("Upgrade: h2c\r\n\r\n", "426 only a WebSocket can be opened here, by GET on HTTP/1.1"),
    ])
    @Loop func aRefusalKnowsItsRequest(rest: String, outcome: String) async throws {
        var configuration = HTTPServer.Configuration()
        configuration.bodyTimeout = Self.short
        configuration.handlerTimeout = Self.short
        configuration.refusal = { refusal in
            HTTPResponse(
                refusal.status,
                text:
                    "\(refusal.status.code) \(refusal.reason) of \(refusal.request?.headers["X-Request-Id"] ?? "none")"
            )
        }
        let isTold = AsyncSignal()
        try await withServer(configuration) {
            $0.post("/", bodyLimit: 1000) { request in
                guard request.body.isEmpty else {
                    await isTold.wait()
                    return HTTPResponse(.ok)
                }
                return .webSocket(UnusedHandler())
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\(rest)")
            try await client.expect("\(outcome) of mine")
            isTold.set()
            client.close()
        }
    }
}

@Loop private final class UnusedHandler: WebSocketHandler {
    func received(text: Span<UInt8>, on socket: WebSocket) {}
}
