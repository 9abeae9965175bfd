internal import EventLoop
internal import HTTP

/// Cross-origin requests (Fetch standard, "CORS protocol") of pages whose origin is allowed: answers preflights, and lets
/// those pages read responses. To others the browser shows nothing.
struct CORSPolicy: Sendable {
    /// As browsers send them; `*` for all, without credentials.
    let origins: [String]

    private static let exposed =
        "Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Idempotency-Replayed, "
        + "WWW-Authenticate, X-Request-Id, traceparent"
    /// What the storefront, an event stream and a hub's client send.
    private static let accepted =
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Cache-Control, X-Requested-With, "
        + "X-SignalR-User-Agent, X-Request-Id, traceparent, tracestate"
    /// In seconds.
    private static let preflightLifetime = 600

    var middleware: HTTPMiddleware {
        { request, next in
            var response = await next(request)
            apply(to: &response, request)
            return response
        }
    }

    /// `Vary` is sent without an `Origin` too: a cache must not give that response to a page.
    @Loop func apply(to response: inout HTTPResponse, _ request: HTTPRequest) {
        response.headers.add("Vary", "Origin")
        guard let origin = request.headers["Origin"], request.isOriginAllowed(origins, missing: false) else {
            return
        }
        response.headers.set("Access-Control-Allow-Origin", origin)
        // Hub clients send their requests with credentials.
        if !origins.contains("*") { response.headers.set("Access-Control-Allow-Credentials", "true") }
        guard request.method == .options, request.headers.contains("Access-Control-Request-Method") else {
            response.headers.set("Access-Control-Expose-Headers", Self.exposed)
            return
        }
        let methods = response.headers["Allow"] ?? ""
        response.headers.set("Access-Control-Allow-Methods", methods)
        response.headers.set("Access-Control-Allow-Headers", Self.accepted)
        response.headers.set("Access-Control-Max-Age", "\(Self.preflightLifetime)")
    }
}
