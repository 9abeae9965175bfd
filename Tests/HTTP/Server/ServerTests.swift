import EventLoop
import Testing

@testable import HTTP

@Suite struct ServerTests {
    @Test @Loop func answersAndKeepsTheConnection() async throws {
        try await withServer {
            $0.get("/hello/{name}") { HTTPResponse(text: "Hello, \($0.parameter("name"))") }
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send("GET /hello/a HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expect("Hello, a")
            #expect(client.text.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
            #expect(client.text.contains("\r\nContent-Length: 8\r\n"))
            client.send("GET /hello/b HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expect("Hello, b")
            #expect(server.statistics.requests == 2)
            #expect(server.statistics.connections == 1)
            client.close()
        }
    }

    @Test @Loop func answersPipelinedRequestsInOrder() async throws {
        try await withServer { router in
            router.get("/slow") { _ in
                try? await Loop.sleep(for: .milliseconds(5))
                return HTTPResponse(text: "<slow>")
            }
            router.get("/fast") { _ in HTTPResponse(text: "<fast>") }
        } _: { _, port in
            let client = try await RawClient(port: port)
            let slow = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
            let fast = "GET /fast HTTP/1.1\r\nHost: x\r\n\r\n"
            client.send(slow + fast + slow + fast)
            try await client.expect("<fast>", count: 2)
            let order = client.text.split(separator: "<").dropFirst().map { $0.prefix(4) }
            #expect(order == ["slow", "fast", "slow", "fast"])
        }
    }

    @Test @Loop func givesTheBodyHoweverItIsFramed() async throws {
        try await withServer {
            $0.post("/echo") { HTTPResponse(.ok, contentType: "text/plain", body: $0.body) }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
            client.send("cde")
            try await client.expect("abcde")
            client.send(
                "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nfgh\r\n")
            client.send("2\r\nij\r\n0\r\nX: y\r\n\r\n")
            try await client.expect("fghij")
        }
    }

    @Test @Loop func answersHeadWithoutABody() async throws {
        try await withServer {
            $0.get("/") { _ in HTTPResponse(text: "content") }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expect("content")
            #expect(client.text.contains("Content-Length: 7\r\n\r\nHTTP/1.1 200"))
        }
    }

    @Test @Loop func sends100ContinueOnlyWhenTheBodyIsRead() async throws {
        try await withServer {
            $0.post("/small", bodyLimit: 10) { HTTPResponse(.ok, contentType: "text/plain", body: $0.body) }
        } _: { server, port in
            let wanted = try await RawClient(port: port)
            wanted.send(
                "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            try await wanted.expect("HTTP/1.1 100 Continue\r\n\r\n")
            wanted.send("abc")
            try await wanted.expect("abc")

            let tooLarge = try await RawClient(port: port)
            tooLarge.send(
                "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
            try await tooLarge.expectClose()
            #expect(tooLarge.text.hasPrefix("HTTP/1.1 413 "))
            #expect(tooLarge.text.contains("Connection: close\r\n"))

            let nowhere = try await RawClient(port: port)
            nowhere.send(
                "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            try await nowhere.expectClose()
            #expect(nowhere.text.hasPrefix("HTTP/1.1 404 "))
            #expect(server.statistics.refused == 1)
        }
    }
}
