import EventLoop
import Testing

@testable import HTTP

@Suite struct StreamTests {
    @Test @Loop func aStreamIsChunkedAndTheConnectionStaysOpen() async throws {
        try await withServer { router in
            router.get("/") { _ in
                .stream(contentType: "text/plain") { stream in
                    stream.write("hello")
                    stream.write("")
                    stream.write(" world")
                    stream.finish()
                    stream.finish()
                    #expect(!stream.write("too late"))
                }
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expect("Transfer-Encoding: chunked", count: 2)
            #expect(client.text.contains("\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nHTTP/1.1 200"))
            #expect(client.text.hasSuffix("chunked\r\n\r\n"))
        }
    }

    @Test @Loop func aStreamToHTTP10EndsWithTheConnection() async throws {
        try await withServer { router in
            router.get("/") { _ in
                .stream(contentType: "text/plain") { stream in
                    stream.write("hello")
                    stream.finish()
                }
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            try await client.expectClose()
            #expect(client.text.contains("Connection: close\r\n\r\nhello"))
            #expect(!client.text.contains("chunked"))
        }
    }

    /// A producer that waits for its reader never has more than a little in memory.
    @Test @Loop func backpressureSuspendsTheProducer() async throws {
        var produced = 0
        var largest = 0
        var ended = false
        try await withServer { router in
            router.get("/") { _ in
                .stream(contentType: "text/plain") { stream in
                    stream.onClosed = { _ in ended = true }
                    Loop.task {
                        let block = [UInt8](repeating: 120, count: 64 << 10)
                        while stream.write(block), produced < 400 {
                            produced += 1
                            largest = max(largest, stream.pendingOutput)
                            await stream.drain()
                        }
                        if stream.isOpen { stream.finish() }
                    }
                }
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.transport.pauseReading()
            // Until the kernel's buffers are full and the producer stands still.
            await standsStill { produced }
            #expect(produced < 400)
            client.transport.resumeReading()
            try await client.wait { produced == 400 && client.bytes.count > 400 * (64 << 10) }
            #expect(largest <= 256 << 10)
            #expect(!ended)
        }
    }

    @Test @Loop func aClientThatStopsReadingIsDisconnected() async throws {
        var configuration = HTTPServer.Configuration()
        configuration.streamLimit = 256 << 10
        var end: HTTPStreamEnd?
        try await withServer(configuration) { router in
            router.get("/") { _ in
                .stream(contentType: "text/plain") { stream in
                    stream.onClosed = { end = $0 }
                    Loop.task {
                        let block = [UInt8](repeating: 120, count: 64 << 10)
                        while stream.write(block) { try? await Loop.sleep(for: .zero) }
                    }
                }
            }
        } _: { server, port in
            let client = try await RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.transport.pauseReading()
            #expect(await eventually { end == .tooSlow })
            #expect(await eventually { server.statistics.connections == 0 })
        }
    }

    @Test @Loop func sendsEvents() async throws {
        var stream: ServerSentEventStream?
        var end: HTTPStreamEnd?
        try await withServer {
            $0.get("/events") { _ in
                .eventStream(heartbeat: .milliseconds(10)) { events in
                    events.send(retry: .seconds(3))
                    events.onClosed = { end = $0 }
                    stream = events
                }
            }
        } _: { _, port in
            let client = try await RawClient(port: port)
            client.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.expect("retry: 3000\n\n")
            #expect(client.text.contains("Content-Type: text/event-stream\r\n"))
            #expect(client.text.contains("X-Accel-Buffering: no\r\n"))
            stream?.send(ServerSentEvent(event: "order\nstatus", id: "e:1", data: "{\n}"))
            try await client.expect("id: e:1\nevent: orderstatus\ndata: {\ndata: }\n\n")
            try await client.expect(":\n\n")
            client.close()
            #expect(await eventually { end == .left })
            #expect(stream?.isOpen == false)
        }
    }
}
