import EventLoop
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    /// Runs `body` against a server over TLS; its argument is the server's port.
    @Loop private func withTLSServer(
        _ certificate: TestCertificate, _ body: (UInt16) async throws -> Void
    ) async throws {
        let router = HTTPRouter()
        router.post("/echo", bodyLimit: 1 << 20) { request in
            HTTPResponse(text: String(decoding: request.body, as: UTF8.self))
        }
        router.get("/ws") { _ in .webSocket(EchoHandler()) }
        let server = HTTPServer(router)
        let tls = try TLSServer(
            TLSIdentity(chain: certificate.certificate, key: certificate.privateKey))
        let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0), tls: tls)
        var failure: (any Error)?
        do { try await body(port) } catch { failure = error }
        await server.drain(within: .zero)
        if let failure { throw failure }
    }

    @Loop private func client(trusting authority: TestCertificate?) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tls = try TLSClient(authorities: authority?.certificate)
        return HTTPClient(configuration)
    }

    @Test @Loop func requestsAndWebSocketsWorkOverTLS() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        try await withTLSServer(certificate) { port in
            let client = try client(trusting: certificate)
            // Longer than TLS records; twice, the second time on the same connection.
            let body = [UInt8](repeating: 65, count: 300_000)
            for _ in 0..<2 {
                let response = try await client.post(
                    "https://localhost:\(port)/echo", contentType: "text/plain", body)
                #expect(response.status == .ok && response.body == body)
            }
            client.close()
            let handler = EchoHandler(echoes: false)
            let socket = try await WebSocket.connect(
                "wss://localhost:\(port)/ws", handler, tls: TLSClient(authorities: certificate.certificate))
            let text = String(repeating: "ü", count: 30_000)
            socket.send(text: text)
            #expect(await eventually { handler.texts == [text] })
            socket.close()
            #expect(await eventually { handler.end != nil })
        }
    }

    @Test @Loop func aServerWithAnotherNameIsRefused() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let other = try await TestCertificate.shared()
        try await withTLSServer(certificate) { port in
            for (host, authority) in [("localhost", nil), ("localhost", other), ("127.0.0.1", certificate)] {
                let client = try client(trusting: authority)
                let error = await #expect(throws: HTTPError.self) {
                    try await client.get("https://\(host):\(port)/")
                }
                #expect(error?.code == .tls)
                let tls = try TLSClient(authorities: authority?.certificate)
                await #expect(throws: HTTPError.self) {
                    try await WebSocket.connect("wss://\(host):\(port)/ws", EchoHandler(), tls: tls)
                }
            }
        }
    }

    /// The common name is that of the host, which names nothing.
    @Test @Loop func aCommonNameIsNoName() async throws {
        let certificate = try await TestCertificate.withoutNames()
        try await withTLSServer(certificate) { port in
            let error = await #expect(throws: HTTPError.self) {
                try await client(trusting: certificate).get("https://localhost:\(port)/")
            }
            #expect(error?.code == .tls)
        }
    }

    /// Somebody else's client agrees: curl, with OpenSSL's or GnuTLS' verification.
    @Test @Loop func curlAcceptsTheServer() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let other = try await TestCertificate.shared()
        try await withTLSServer(certificate) { port in
            func curl(_ host: String, _ authority: TestCertificate) async throws -> Program.Result {
                try await Program.run([
                    "curl", "--silent", "--noproxy", "*", "--cacert", authority.certificate, "--data",
                    "hello",
                    "https://\(host):\(port)/echo",
                ])
            }
            let good = try await curl("localhost", certificate)
            #expect(good.status == 0 && good.output == "hello")
            // 60: the peer's certificate cannot be verified, by its authority or for its name.
            #expect(try await curl("localhost", other).status == 60)
            #expect(try await curl("127.0.0.1", certificate).status == 60)
        }
    }
}
