internal import COpenSSL

/// The opening handshake (RFC 6455, 4).
enum WebSocketHandshake {
    private static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// `Sec-WebSocket-Accept` for a key.
    static func accept(for key: String) -> String {
        let input = Array((key + guid).utf8)
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        unsafe SHA1(input, input.count, &digest)
        return base64(digest)
    }

    /// A fresh `Sec-WebSocket-Key`: 16 random bytes.
    static func makeKey() -> String { base64(random(16)) }

    /// An unpredictable masking key, so that no payload can be chosen to match it.
    static func makeMask() -> UInt32 {
        random(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func random(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = unsafe RAND_bytes(&bytes, Int32(count))
        precondition(result == 1, "no random numbers")
        return bytes
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let length = unsafe EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return String(repairing: text.span.extracting(first: Int(length)))
    }

    /// A server's checks (4.2.1). Nil when the request is a valid handshake.
    static func refusal(of request: HTTPRequest) -> HTTPRefusal? {
        // HTTP/1.0 has no upgrades (RFC 9110, 7.8).
        guard request.method == .get, !request.head.isVersion10, request.isWebSocketUpgrade else {
            return HTTPRefusal(
                .upgradeRequired, "only a WebSocket can be opened here, by GET on HTTP/1.1", of: request,
                headers: ["Upgrade": "websocket", "Connection": "Upgrade"])
        }
        guard request.headers["Sec-WebSocket-Version"] == "13" else {
            return HTTPRefusal(
                .upgradeRequired, "Sec-WebSocket-Version is not 13", of: request,
                headers: ["Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"])
        }
        guard request.head.framing == .none || request.head.framing == .length(0) else {
            return HTTPRefusal(.badRequest, "a handshake has no body", of: request)
        }
        let keys = request.headers.values("Sec-WebSocket-Key")
        guard keys.count == 1, isKey(keys[0]) else {
            return HTTPRefusal(.badRequest, "Sec-WebSocket-Key is missing or malformed", of: request)
        }
        return nil
    }

    /// 16 bytes in base64.
    private static func isKey(_ key: String) -> Bool {
        let bytes = key.utf8.span
        guard bytes.count == 24, bytes[22] == 61, bytes[23] == 61 else { return false }
        for i in 0..<22 {
            switch bytes[i] {
            case 48...57, 65...90, 97...122, 43, 47: break
            default: return false
            }
        }
        return true
    }
}

extension HTTPRequest {
    /// The subprotocols the client offers, in its order of preference. They may carry a credential.
    package var webSocketProtocols: [String] {
        headers.values("Sec-WebSocket-Protocol").flatMap { value in
            value.split(separator: ",").map { String($0.trimmingSpaces) }
        }
    }

    /// Whether a page of this origin may open a WebSocket. Browsers do not apply CORS to WebSockets, so the
    /// server must check it.
    ///
    /// - Parameters:
    ///   - origins: as browsers send them (`https://example.com`), compared without regard to case; `*` for all.
    ///   - missing: the result when there is no `Origin`: the client is not a browser.
    package func isOriginAllowed(_ origins: [String], missing: Bool) -> Bool {
        let sent = headers.values("Origin")
        guard let origin = sent.first else { return missing }
        guard sent.count == 1 else { return false }
        return origins.contains { $0 == "*" || $0.lowercased() == origin.lowercased() }
    }
}

extension Substring {
    var trimmingSpaces: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
