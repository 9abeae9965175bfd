package import EventLoop

/// A request whose head and body have arrived. A single reference, cheap to pass on.
package struct HTTPRequest: Sendable {
    private final class Storage: Sendable {
        let head: HTTPRequestHead
        let match: RouteMatch?
        let body: [UInt8]
        /// Its connection; nil for a request made by a test.
        let connection: ServerConnection?

        init(_ head: HTTPRequestHead, _ match: RouteMatch?, _ body: [UInt8], _ connection: ServerConnection?)
        {
            self.head = head
            self.match = match
            self.body = body
            self.connection = connection
        }
    }

    private let storage: Storage

    init(
        _ head: HTTPRequestHead, _ match: RouteMatch? = nil, body: [UInt8] = [],
        connection: ServerConnection? = nil
    ) {
        storage = Storage(head, match, body, connection)
    }

    /// The same request, with its route.
    func matched(_ match: RouteMatch) -> HTTPRequest {
        HTTPRequest(storage.head, match, body: storage.body, connection: storage.connection)
    }

    package var method: HTTPMethod { storage.head.method }
    package var headers: HTTPReceivedHeaders { storage.head.headers }
    package var body: [UInt8] { storage.body }
    /// The pattern of the request's route (`/api/orders/{id}`), of bounded variety and so fit to label a metric. Empty
    /// when no route matched.
    package var route: String { storage.match?.route.pattern ?? "" }
    var head: HTTPRequestHead { storage.head }
    private var target: HTTPRequestTarget { storage.head.target }

    /// The percent-decoded path, which starts with a slash (or is `*`).
    package var path: String { storage.head.withPathBytes { String(repairing: $0) } }

    /// The path as it was sent, percent-encoded; `/` for an absolute form without one.
    package var rawPath: String {
        target.rawPath.isEmpty ? "/" : String(repairing: headers.bytes.span.extracting(target.rawPath))
    }

    /// Path and query as they were sent.
    package var rawTarget: String {
        String(repairing: headers.bytes.span.extracting(target.rawTarget))
    }

    /// The query as it was sent, without the question mark.
    package var rawQuery: String? {
        target.rawQuery.map { String(repairing: headers.bytes.span.extracting($0)) }
    }

    /// The value of a path parameter, decoded. A precondition: the route has a parameter of that name.
    package func parameter(_ name: String) -> String {
        guard let match = storage.match, let index = match.route.parameterNames.firstIndex(of: name) else {
            preconditionFailure("the route \(route) has no parameter \(name)")
        }
        let range = match.ranges[index]
        return storage.head.withPathBytes { String(repairing: $0.extracting(range)) }
    }

    /// The decoded value of the first query item of that name; `a` in `?a` has the value "".
    package func query(_ name: String) -> String? {
        guard let range = target.rawQuery else { return nil }
        return HTTPQuery.first(name, in: headers.bytes.span.extracting(range))
    }

    /// Every query item, in order, decoded.
    package var queryItems: [(name: String, value: String)] {
        guard let range = target.rawQuery else { return [] }
        return HTTPQuery.items(headers.bytes.span.extracting(range))
    }

    /// Whether the client asks for a WebSocket (RFC 6455, 4.2.1).
    package var isWebSocketUpgrade: Bool {
        headers.contains("Upgrade", element: "websocket")
            && headers.contains("Connection", element: "upgrade")
    }

    /// The address of the client: the rightmost hop of `X-Forwarded-For` that is no trusted proxy, else the peer's. Nil for
    /// a request made by a test.
    @Loop package var clientAddress: IPAddress? { storage.connection?.clientAddress(of: self) }
}

extension HTTPRequest {
    /// A request as it would arrive, for the tests of handlers. A precondition: it is well-formed.
    package init(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: [UInt8] = [],
        parameters: KeyValuePairs<String, String> = [:]
    ) {
        var bytes = Array("\(method.name) \(target) HTTP/1.1\r\n".utf8)
        if !headers.contains("Host") { bytes += "Host: test\r\n".utf8 }
        bytes += headers.bytes
        bytes += "\r\n".utf8
        var parser = HTTPRequestParser()
        guard let head = try? parser.next(bytes.span, limits: HTTPHeadLimits()) else {
            preconditionFailure("not a request: \(method.name) \(target)")
        }
        var names: [String] = []
        var ranges: [Range<Int>] = []
        for (name, value) in parameters {
            let path = head.withPathBytes { [UInt8](copying: $0) }
            let value = Array(value.utf8)
            let start = path.indices.first { path[$0...].starts(with: value) }
            guard let start else { preconditionFailure("the path has no \(name)") }
            names.append(name)
            ranges.append(start..<(start + value.count))
        }
        let route = Route("", parameterNames: names) { _ in HTTPResponse(.ok) }
        self.init(head, RouteMatch(route: route, ranges: ranges), body: body)
    }
}
