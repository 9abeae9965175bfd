import EventLoop
import Testing

@testable import HTTP

@Suite struct ServerConnectionTests {
    @Test @Loop func anErrorEndsTheConnectionAfterEarlierResponses() async throws {
        try await withServer {
            $0.get("/") { _ in HTTPResponse(text: "first") }
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send(
                "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expectClose()
            #expect(client.occurrences(of: "HTTP/1.1 200") == 1)
            #expect(client.occurrences(of: "HTTP/1.1 400") == 1)
            #expect(client.occurrences(of: "HTTP/1.1") == 2)
            #expect(client.text.contains("application/problem+json"))
            #expect(server.statistics.refused == 1)
        }
    }

    @Test @Loop func versionsAndCloseAreHonoured() async throws {
        try await withServer {
            $0.get("/") { _ in HTTPResponse(text: "x") }
        } _: { _, port in
            let old = try await RawClient(port: port)
            old.send("GET / HTTP/1.0\r\n\r\n")
            try await old.expectClose()
            #expect(old.text.contains("Connection: close\r\n"))
            let kept = try await RawClient(port: port)
            kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            try await kept.expect("Connection: keep-alive\r\n")
            kept.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try await kept.expectClose()
            #expect(kept.occurrences(of: "200 OK") == 2)
        }
    }

    @Test @Loop func aPeerThatHalfClosesGetsItsResponse() async throws {
        try await withServer {
            $0.get("/") { _ in
                try? await Loop.sleep(for: .milliseconds(5))
                return HTTPResponse(text: "answer")
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.transport.closeAfterFlush(within: .seconds(30))
            try await client.expectClose()
            #expect(client.text.hasSuffix("answer"))
        }
    }

    /// Thousands of requests and large answers in one read: answered in order, without piling up.
    @Test @Loop func manyPipelinedRequestsAreAnsweredUnderBackpressure() async throws {
        let large = String(repeating: "x", count: 100_000)
        var served = 0
        try await withServer {
            $0.get("/") { _ in
                served += 1
                return HTTPResponse(text: large)
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.transport.pauseReading()
            client.send(String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 200))
            await standsStill { served }
            #expect(served < 150)
            client.transport.resumeReading()
            #expect(await eventually(within: .seconds(20)) { client.bytes.count > 200 * 100_000 })
            #expect(served == 200)
        }
    }

    @Test @Loop func noContentHasNoContentLength() async throws {
        try await withServer {
            $0.delete("/") { _ in HTTPResponse(.noContent) }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expect("\r\n\r\n")
            #expect(client.text.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(!client.text.contains("Content-Length"))
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("", "198.51.100.1, 203.0.113.9", "127.0.0.1"),
        ("127.0.0.0/8,203.0.113.0/24", "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        ("0.0.0.0/0,::/0", "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, ::ffff:203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, [2001:db8::1]:4711", "2001:db8::1"),
        ("127.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("127.0.0.1,203.0.113.9", "198.51.100.1, unknown, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "unknown", "127.0.0.1"), ("127.0.0.1", "", "127.0.0.1"),
    ])
    @Loop func theClientIsTheRightmostHopThatIsNoTrustedProxy(
        proxies: String, hops: String, expected: String
    ) async throws {
        var configuration = HTTPServer.Configuration()
        configuration.trustedProxies = proxies.split(separator: ",").compactMap { IPAddressRange($0) }
        try await withServer(configuration) {
            $0.get("/") { HTTPResponse(text: $0.clientAddress?.description ?? "") }
        } _: { _, port in
            let response = try await HTTPClient().get(
                "http://127.0.0.1:\(port)/", headers: ["X-Forwarded-For": hops])
            #expect(response.text == expected)
        }
    }

    /// A server on `[::]` sees its IPv4 clients as mapped addresses.
    @Test @Loop func aMappedLoopbackIsTrusted() async throws {
        let router = HTTPRouter()
        router.get("/") { HTTPResponse(text: $0.clientAddress?.description ?? "") }
        let server = HTTPServer(router)
        let port = try await server.listen(on: Endpoint(host: "::", port: 0))
        for (hop, expected) in [("198.51.100.1", "198.51.100.1"), ("", "127.0.0.1")] {
            let response = try await HTTPClient().get(
                "http://127.0.0.1:\(port)/", headers: ["X-Forwarded-For": hop])
            #expect(response.text == expected)
        }
        await server.drain(within: .seconds(1))
    }

    /// The time that a refused client has to read must not cut a long answer short.
    @Test @Loop func aLongLastResponseOutlivesTheLingerTimeout() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.lingerTimeout = .milliseconds(1)
        try await withServer(configuration) {
            $0.get("/") { _ in HTTPResponse(.ok, body: [UInt8](repeating: 120, count: 12_000_000)) }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            client.transport.pauseReading()
            try await Loop.sleep(for: .milliseconds(20))
            client.transport.resumeReading()
            try await client.wait(within: .seconds(20)) { client.isClosed }
            #expect(client.bytes.count > 12_000_000)
        }
    }
}
