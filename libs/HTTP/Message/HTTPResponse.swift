internal import EventLoop

/// The response of a handler. The server adds `Content-Length`, `Transfer-Encoding`, `Connection` and `Date`; they
/// must not be set.
package struct HTTPResponse: Sendable {
    package var status: HTTPStatus
    package var headers: HTTPHeaders
    package var body: Body

    package enum Body: Sendable {
        case bytes([UInt8])
        /// Called once the head is written; the stream may be written to until it is finished or closed.
        /// Not called for HEAD.
        case stream(@Loop (HTTPResponseStream) -> Void)
        /// Upgrades to a WebSocket (status 101). A request that is not a valid handshake is answered 400 or 426.
        case webSocket(any WebSocketHandler, subprotocol: String?, WebSocket.Configuration)
    }

    package init(_ status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = .bytes(body)
    }

    private static let jsonHeaders: HTTPHeaders = ["Content-Type": "application/json"]

    /// - Parameter json: a document in UTF-8.
    package init(_ status: HTTPStatus = .ok, json: [UInt8], headers: HTTPHeaders = HTTPHeaders()) {
        guard !headers.isEmpty else {
            self.init(status, headers: Self.jsonHeaders, body: json)
            return
        }
        self.init(status, contentType: "application/json", headers: headers, body: json)
    }

    package init(_ status: HTTPStatus = .ok, text: String, headers: HTTPHeaders = HTTPHeaders()) {
        self.init(status, contentType: "text/plain; charset=utf-8", headers: headers, body: Array(text.utf8))
    }

    package init(
        _ status: HTTPStatus, contentType: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8]
    ) {
        self.init(status, headers: headers, body: body)
        self.headers.add("Content-Type", contentType)
    }

    /// A problem document (RFC 9457) without a detail, as the library itself sends it.
    package init(problem status: HTTPStatus, headers: HTTPHeaders = HTTPHeaders()) {
        let title = status.reason
        self.init(
            status, contentType: "application/problem+json", headers: headers,
            body: Array(#"{"type":"about:blank","title":"\#(title)","status":\#(status.rawValue)}"#.utf8))
    }

    package static func stream(
        _ status: HTTPStatus = .ok, contentType: String, headers: HTTPHeaders = HTTPHeaders(),
        _ body: @escaping @Loop (HTTPResponseStream) -> Void
    ) -> HTTPResponse {
        var response = HTTPResponse(status, contentType: contentType, headers: headers, body: [])
        response.body = .stream(body)
        return response
    }

    /// - Parameter subprotocol: the one the server chose of those the client offers; nil for none.
    package static func webSocket(
        _ handler: any WebSocketHandler, subprotocol: String? = nil,
        _ configuration: WebSocket.Configuration = .init(), headers: HTTPHeaders = HTTPHeaders()
    ) -> HTTPResponse {
        var response = HTTPResponse(.switchingProtocols, headers: headers)
        response.body = .webSocket(handler, subprotocol: subprotocol, configuration)
        return response
    }
}
