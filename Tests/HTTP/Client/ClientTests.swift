import EventLoop
import Testing

@testable import HTTP

@Suite struct ClientTests {
    @Loop private static func routes(_ router: HTTPRouter) {
        router.get("/hello") { HTTPResponse(text: "hello \($0.query("who") ?? "?")") }
        router.post("/echo") { HTTPResponse(.created, contentType: "text/plain", body: $0.body) }
        router.get("/stream") { _ in
            .stream(contentType: "text/plain") { stream in
                Loop.task {
                    for i in 0..<100 {
                        stream.write("line \(i)\n")
                        await stream.drain()
                    }
                    stream.finish()
                }
            }
        }
        router.get("/large") { _ in HTTPResponse(text: String(repeating: "x", count: 3 << 20)) }
        router.get("/never") { _ in
            try? await Loop.sleep(for: .seconds(20))
            return HTTPResponse(.ok)
        }
    }

    @Test @Loop func getsAndPostsOnOneConnection() async throws {
        try await withServer {
            Self.routes($0)
        } _: { server, port in
            let client = HTTPClient()
            let base = "http://127.0.0.1:\(port)"
            let got = try await client.get("\(base)/hello?who=a%20b+c")
            #expect(got.status == .ok)
            #expect(got.text == "hello a b c")
            #expect(got.headers["content-type"] == "text/plain; charset=utf-8")
            let posted = try await client.post("\(base)/echo", contentType: "text/plain", Array("xyz".utf8))
            #expect(posted.status == .created)
            #expect(posted.text == "xyz")
            #expect(try await client.send(.head, "\(base)/hello").body.isEmpty)
            #expect(server.statistics.accepted == 1)
            client.close()
        }
    }

    @Test @Loop func readsAStreamedBody() async throws {
        try await withServer {
            Self.routes($0)
        } _: { server, port in
            let client = HTTPClient()
            let response = try await client.stream(.get, "http://127.0.0.1:\(port)/stream")
            let body = try await response.body.collect(limit: 10_000)
            let text = String(decoding: body, as: UTF8.self)
            #expect(text.split(separator: "\n").count == 100)
            #expect(text.hasSuffix("line 99\n"))
            _ = try await client.get("http://127.0.0.1:\(port)/hello")
            #expect(server.statistics.accepted == 1)
        }
    }

    @Test @Loop func failsAtTheDeadline() async throws {
        try await withServer {
            Self.routes($0)
        } _: { server, port in
            let client = HTTPClient()
            let error = await #expect(throws: HTTPError.self) {
                try await client.get("http://127.0.0.1:\(port)/never", within: .milliseconds(30))
            }
            #expect(error?.code == .timeout)
            #expect(await eventually { server.statistics.connections == 0 })
        }
    }

    @Test @Loop func refusesABodyPastItsLimit() async throws {
        try await withServer {
            Self.routes($0)
        } _: { _, port in
            let error = await #expect(throws: HTTPError.self) {
                try await HTTPClient().get("http://127.0.0.1:\(port)/large")
            }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test @Loop func waitsForAFreeConnection() async throws {
        try await withServer {
            Self.routes($0)
        } _: { server, port in
            var configuration = HTTPClient.Configuration()
            configuration.maxConnectionsPerOrigin = 2
            let client = HTTPClient(configuration)
            let tasks = (0..<20).map { _ in
                Loop.task {
                    try await client.get("http://127.0.0.1:\(port)/hello", within: .seconds(60)).status
                }
            }
            for task in tasks {
                let status = try await task.value
                #expect(status == .ok)
            }
            #expect(server.statistics.accepted == 2)
        }
    }

    @Test @Loop func reportsAnUnreachableServer() async throws {
        let error = await #expect(throws: HTTPError.self) {
            try await HTTPClient().get("http://127.0.0.1:1/")
        }
        #expect(error?.code == .unreachable)
    }
}
