import EventLoop
import Testing

@testable import HTTP

/// Clients that send what nobody wants, or do not read.
@Suite struct HostileClientTests {
    private static let body = String(repeating: "x", count: 50_000)

    private static func post(_ path: String, _ length: Int, _ fields: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\(fields)\r\n"
    }

    /// Before the body has come.
    @Test(arguments: [("/nope", 404), ("/read", 405), ("/token", 401), ("/token?x", 401)])
    @Loop func refusesAtTheHead(path: String, status: Int) async throws {
        var handled = 0
        try await withServer {
            $0.get("/read") { _ in HTTPResponse(.ok) }
            $0.on(.post, "/token", bodyLimit: 1 << 20, admit: { _ in HTTPResponse(problem: .unauthorized) }) {
                _ in
                handled += 1
                return HTTPResponse(.ok)
            }
        } _: { server, port in
            for fields in ["", "Expect: 100-continue\r\n"] {
                let client = try await RawClient(port: port)
                client.send(Self.post(path, 1_000_000, fields) + (fields.isEmpty ? Self.body : ""))
                try await client.expect("\r\n\r\n")
                #expect(
                    client.text.hasPrefix("HTTP/1.1 \(status) ") && client.text.contains("Connection: close"))
                #expect(server.bufferBudget.used == 0 && handled == 0)
                client.close()
            }
            let chunked = try await RawClient(port: port)
            chunked.send("POST \(path) HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
            try await chunked.expect("\r\n\r\n")
            #expect(chunked.text.hasPrefix("HTTP/1.1 \(status) ") && handled == 0)
        }
    }

    @Test @Loop func admittedBodiesAreRead() async throws {
        var asked = 0
        try await withServer {
            $0.on(
                .post, "/", bodyLimit: 1 << 20,
                admit: { _ in
                    asked += 1
                    try? await Loop.sleep(for: .milliseconds(1))
                    return nil
                }
            ) { HTTPResponse(text: "\($0.body.count) bytes") }
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send(Self.post("/", 100_000) + Self.body)
            #expect(await eventually { asked == 1 })
            client.send(Self.body)
            try await client.expect("100000 bytes")
            // It comes as a whole, and the next follows at once.
            client.send(Self.post("/", 3) + "abc" + Self.post("/", 2, "Expect: 100-continue\r\n"))
            try await client.expect("HTTP/1.1 100 Continue\r\n\r\n")
            client.send("ab")
            try await client.expect("2 bytes")
            #expect(asked == 2 && client.occurrences(of: "3 bytes") == 1)
            #expect(client.occurrences(of: "100 Continue") == 1 && server.bufferBudget.used == 0)
        }
    }

    @Test @Loop func aClientThatLeavesWhileItIsAdmittedIsForgotten() async throws {
        var wasCancelled = false
        try await withServer {
            $0.on(
                .post, "/",
                admit: { _ in
                    do { try await Loop.sleep(for: .seconds(30)) } catch { wasCancelled = true }
                    return nil
                }
            ) { _ in HTTPResponse(.ok) }
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send(Self.post("/", 10))
            #expect(await eventually { server.statistics.requests == 1 })
            client.close()
            #expect(await eventually { wasCancelled && server.statistics.connections == 0 })
        }
    }

    @Test @Loop func aSilentClientIsClosedSoon() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.firstByteTimeout = .milliseconds(40)
        try await withServer(configuration) {
            $0.get("/") { _ in HTTPResponse(.ok) }
        } _: { _, port in
            let silent = try await RawClient(port: port)
            try await silent.expectClose()
            #expect(silent.bytes.isEmpty)
        }
    }

    @Test @Loop func fewConnectionsAreToldThatTheyAreTooMany() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.maxConnections = 1
        configuration.maxRejected = 2
        try await withServer(configuration) { _ in
        } _: { server, port in
            let first = try await RawClient(port: port)
            #expect(await eventually { server.statistics.connections == 1 })
            var refused: [RawClient] = []
            for _ in 0..<4 { refused.append(try await RawClient(port: port, stays: true)) }
            #expect(await eventually { server.statistics.rejected == 4 })
            for client in refused.prefix(2) { try await client.expect("HTTP/1.1 503 ") }
            for client in refused.suffix(2) { #expect(client.bytes.isEmpty) }
            for client in refused { client.close() }
            var isTold = false
            while !isTold {
                let later = try await RawClient(port: port)
                try await later.expectClose()
                isTold = later.text.hasPrefix("HTTP/1.1 503 ")
            }
            first.close()
        }
    }

    // MARK: Memory

    @Test(arguments: [false, true])
    @Loop func incompleteRequestsShareABudget(isHead: Bool) async throws {
        var configuration = HTTPServer.Configuration()
        configuration.bufferLimit = 100_000
        try await withServer(configuration) {
            $0.post("/") { _ in HTTPResponse(.ok) }
        } _: { server, port in
            @Loop func start(_ size: Int) async throws -> RawClient {
                let client = try await RawClient(port: port)
                let filler = String(repeating: "x", count: size)
                client.send(
                    isHead ? "GET / HTTP/1.1\r\nHost: x\r\nA: \(filler)" : Self.post("/", 60_000) + filler)
                return client
            }
            var clients: [RawClient] = []
            // An incomplete head counts when it has been read.
            let count = isHead ? 5 : 4
            for number in 1...count {
                clients.append(try await start(30_000))
                #expect(await eventually { server.bufferBudget.used >= min(number, count - 1) * 30_000 })
            }
            try await clients[count - 1].expectClose()
            #expect(clients[count - 1].text.hasPrefix("HTTP/1.1 503 "))
            // Small ones are served still.
            clients.append(try await start(4_000))
            #expect(await eventually { server.statistics.connections == count })
            for client in clients { client.close() }
            #expect(await eventually { server.bufferBudget.used == 0 })
        }
    }

    @Test @Loop func unreadOutputSharesABudget() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.bufferLimit = 20_000_000
        try await withServer(configuration) {
            $0.get("/") { _ in HTTPResponse(.ok, body: [UInt8](repeating: 120, count: 16_000_000)) }
        } _: { server, port in
            var clients: [RawClient] = []
            for _ in 0..<2 {
                let client = try await RawClient(port: port)
                client.transport.pauseReading()
                client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                clients.append(client)
                #expect(await eventually { server.statistics.requests == clients.count })
            }
            #expect(await eventually { server.statistics.connections == 1 })
            #expect(server.bufferBudget.used > 0 && server.bufferBudget.used < 16_000_000)
            for client in clients { client.close() }
            #expect(await eventually { server.bufferBudget.used == 0 })
        }
    }

    // MARK: Requests that no browser sends

    @Test @Loop func codedBodiesAreRefused() async throws {
        try await withServer {
            $0.post("/") { HTTPResponse(text: "\($0.body.count) bytes") }
        } _: { _, port in
            for coding in ["gzip", "identity, br", "x\r\nContent-Encoding: identity", "GZIP"] {
                let client = try await RawClient(port: port)
                client.send(Self.post("/", 2, "Content-Encoding: \(coding)\r\n") + "ab")
                try await client.expectClose()
                #expect(
                    client.text.hasPrefix("HTTP/1.1 415 ")
                        && client.text.contains("Accept-Encoding: identity"))
            }
            let client = try await RawClient(port: port)
            client.send(Self.post("/", 2, "Content-Encoding: Identity\r\n") + "ab")
            try await client.expect("2 bytes")
        }
    }

    @Test @Loop func upgradesNeedHTTP11AndNoBody() async throws {
        try await withServer {
            $0.get("/ws") { _ in .webSocket(EchoHandler()) }
        } _: { _, port in
            let fields =
                "Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            for (request, status) in [
                ("GET /ws HTTP/1.0\r\n\(fields)\r\n", 426),
                ("GET /ws HTTP/1.1\r\n\(fields)Content-Length: 2\r\n\r\nab", 400),
                ("GET /ws HTTP/1.1\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                ("GET /ws HTTP/1.1\r\n\(fields)Content-Length: 0\r\n\r\n", 101),
            ] {
                let client = try await RawClient(port: port)
                client.send(request)
                try await client.expect("\r\n\r\n")
                #expect(client.text.hasPrefix("HTTP/1.1 \(status) "))
            }
        }
    }
}
