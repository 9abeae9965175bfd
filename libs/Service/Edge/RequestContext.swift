package import EventLoop
package import HTTP
package import Observability

/// A request's trace and id, passed to its handler and to the functions that it calls.
package struct RequestContext: Sendable {
    /// The span of this request, the parent of the service's calls.
    package let trace: TraceContext
    /// The client's `X-Request-Id` when it is valid, else the trace's id.
    package let id: String

    package init(trace: TraceContext, id: String? = nil) {
        self.trace = trace
        self.id = id ?? trace.traceID.description
    }

    /// Continues the caller's trace, or starts a new one; a trace is sampled when its caller and `tracer` want it.
    @Loop package init(_ request: HTTPRequest, _ tracer: Tracer? = nil) {
        let id = request.headers["X-Request-Id"]
        let trace = Self.trace(request.headers)
        self.init(
            trace: trace.sampled(tracer?.samples(trace.traceID) ?? true),
            id: id.flatMap { Self.isAcceptable($0) ? $0 : nil })
    }

    /// Tells the client the request's id and trace.
    func identify(_ response: inout HTTPResponse) {
        response.headers.add("X-Request-Id", id)
        response.headers.add("traceparent", trace.traceparent)
    }

    /// A repeated `traceparent` invalidates both; several `tracestate` fields form one list (RFC 9110, 5.3).
    @Loop private static func trace(_ headers: HTTPReceivedHeaders) -> TraceContext {
        let parents = headers.values("traceparent")
        guard parents.count == 1, let parent = parents.first,
            let context = TraceContext(
                traceparent: parent, tracestate: headers.values("tracestate").joined(separator: ","))
        else { return TraceContext.root() }
        return context.child()
    }

    private static func isAcceptable(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                }
            }
    }
}
