import Testing

@testable import HTTP

@Suite("RFC 6455: opening handshake") struct HandshakeTests {
    private func request(_ changes: (inout HTTPHeaders) -> Void = { _ in }) -> HTTPRequest {
        var headers: HTTPHeaders = [
            "Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ]
        changes(&headers)
        return HTTPRequest(.get, "/", headers: headers)
    }

    @Test("1.3: the example of the document") func computesTheAcceptKey() {
        #expect(WebSocketHandshake.accept(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test("4.2.1: what a server checks") func checksTheHandshake() {
        #expect(WebSocketHandshake.refusal(of: request()) == nil)
        #expect(WebSocketHandshake.refusal(of: request { $0.remove("Upgrade") })?.status == .upgradeRequired)
        #expect(
            WebSocketHandshake.refusal(of: request { $0.set("Connection", "close") })?.status
                == .upgradeRequired)
        let version = WebSocketHandshake.refusal(of: request { $0.set("Sec-WebSocket-Version", "8") })
        #expect(version?.status == .upgradeRequired)
        #expect(version?.headers.first { $0.key == "Sec-WebSocket-Version" }?.value == "13")
        for key in [
            "", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZ!==", "dGhlIHNhbXBsZSBub25jZQ===",
        ] {
            #expect(
                WebSocketHandshake.refusal(of: request { $0.set("Sec-WebSocket-Key", key) })?.status
                    == .badRequest)
        }
        let twice = request { $0.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") }
        #expect(WebSocketHandshake.refusal(of: twice)?.status == .badRequest)
    }

    @Test func listsTheOfferedProtocols() {
        let offered = request {
            $0.add("Sec-WebSocket-Protocol", "waybill.v1 , bearer.abc")
            $0.add("Sec-WebSocket-Protocol", "third")
        }
        #expect(offered.webSocketProtocols == ["waybill.v1", "bearer.abc", "third"])
    }

    @Test func checksTheOrigin() {
        let allowed = ["https://Shop.example"]
        let page = request { $0.add("Origin", "https://shop.example") }
        #expect(page.isOriginAllowed(allowed, missing: false))
        for origin in [
            "https://shop.example.evil", "http://shop.example", "null", "https://shop.example:8443",
        ] {
            #expect(!request { $0.add("Origin", origin) }.isOriginAllowed(allowed, missing: true))
        }
        #expect(request().isOriginAllowed(allowed, missing: true))
        #expect(!request().isOriginAllowed(allowed, missing: false))
        #expect(request { $0.add("Origin", "https://any") }.isOriginAllowed(["*"], missing: false))
    }
}
