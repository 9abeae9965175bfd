package import EventLoop

/// Answers one request. It runs on the loop; its task is cancelled when the client disconnects or the
/// server's handler limit passes.
package typealias HTTPHandler = @Loop (HTTPRequest) async -> HTTPResponse

/// Decides on a request whose body has not arrived with its head, before the body is read: nil admits it. What arrives as a
/// whole goes to the handler at once, so that the handler decides again.
package typealias HTTPAdmission = @Loop (HTTPRequest) async -> HTTPResponse?

/// Wraps every handler of a router, the outermost first.
package typealias HTTPMiddleware = @Loop (HTTPRequest, HTTPHandler) async -> HTTPResponse

/// Routes by method and path. A literal segment wins over a parameter (`{id}`), which takes exactly one
/// non-empty segment. HEAD is answered by GET's route, OPTIONS by a 204 with `Allow`, unless they have
/// their own routes; a path that only other methods have is a 405.
@Loop
package final class HTTPRouter {
    private let root = RouteNode()
    private var middleware: [HTTPMiddleware] = []
    private var isCompiled = false
    private var notFoundMatch = RouteMatch(
        route: Route("", isRefusal: true) { _ in HTTPResponse(problem: .notFound) }, ranges: [])

    /// Answers when no path matches.
    package var notFound: HTTPHandler = { _ in HTTPResponse(problem: .notFound) }
    /// Answers when the path has only other methods; `Allow` is added.
    package var methodNotAllowed: HTTPHandler = { _ in HTTPResponse(problem: .methodNotAllowed) }

    package init() {}

    /// - Parameter bodyLimit: in bytes; nil for the server's.
    package func on(
        _ method: HTTPMethod, _ pattern: String, bodyLimit: Int? = nil, admit: HTTPAdmission? = nil,
        _ handler: @escaping HTTPHandler
    ) {
        precondition(!isCompiled, "routes are added before the server starts")
        precondition(pattern.hasPrefix("/"), "a pattern starts with a slash: \(pattern)")
        var node = root
        var names: [String] = []
        for segment in pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if segment.hasPrefix("{"), segment.hasSuffix("}") {
                names.append(String(segment.dropFirst().dropLast()))
                node = node.parameterChild()
            } else {
                node = node.literalChild(Array(segment.utf8))
            }
        }
        precondition(node.route(for: method) == nil, "two routes: \(method) \(pattern)")
        node.setRoute(
            Route(
                pattern, parameterNames: names, bodyLimit: bodyLimit, admit: admit.map(wrap),
                handler: wrap(handler)), for: method)
    }

    package func get(_ pattern: String, _ handler: @escaping HTTPHandler) { on(.get, pattern, handler) }
    package func post(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping HTTPHandler) {
        on(.post, pattern, bodyLimit: bodyLimit, handler)
    }
    package func put(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping HTTPHandler) {
        on(.put, pattern, bodyLimit: bodyLimit, handler)
    }
    package func delete(_ pattern: String, _ handler: @escaping HTTPHandler) { on(.delete, pattern, handler) }

    /// Wraps the routes added after it, and the answers to requests that match none.
    package func use(_ middleware: @escaping HTTPMiddleware) { self.middleware.append(middleware) }

    private func wrap(_ handler: @escaping HTTPHandler) -> HTTPHandler {
        middleware.reversed().reduce(handler) { next, outer in { request in await outer(request, next) } }
    }

    /// The middleware sees a refusal as any response.
    private func wrap(_ admit: @escaping HTTPAdmission) -> HTTPAdmission {
        let middleware = middleware
        guard !middleware.isEmpty else { return admit }
        return { request in
            guard let refusal = await admit(request) else { return nil }
            let handler = middleware.reversed().reduce({ _ in refusal } as HTTPHandler) { next, outer in
                { request in await outer(request, next) }
            }
            return await handler(request)
        }
    }

    /// Fixes the routes; called by the server.
    func compile() {
        guard !isCompiled else { return }
        isCompiled = true
        methodNotAllowed = wrap(methodNotAllowed)
        notFoundMatch = RouteMatch(route: Route("", isRefusal: true, handler: wrap(notFound)), ranges: [])
    }

    /// Routes and answers a complete request: for tests of routes without a server.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        compile()
        let match = match(request.head)
        return await match.route.handler(request.matched(match))
    }

    /// Finds the route of a request, and the ranges of the path that its parameters match.
    func match(_ head: HTTPRequestHead) -> RouteMatch {
        if head.target.isAsterisk { return options(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") }
        var ranges: [Range<Int>] = []
        guard let node = head.withPathBytes({ root.find($0, from: 1, &ranges) }) else { return notFoundMatch }
        if let route = node.route(for: head.method) { return RouteMatch(route: route, ranges: ranges) }
        if head.method == .head, let route = node.route(for: .get) {
            return RouteMatch(route: route, ranges: ranges)
        }
        let allow = node.allow
        if head.method == .options { return options(allow: allow) }
        let handler = methodNotAllowed
        let refusal = Route("", isRefusal: true) { request in
            var response = await handler(request)
            response.headers.set("Allow", allow)
            return response
        }
        return RouteMatch(route: refusal, ranges: [])
    }

    private func options(allow: String) -> RouteMatch {
        let handler = wrap { _ in HTTPResponse(.noContent, headers: ["Allow": allow]) }
        return RouteMatch(route: Route("", handler: handler), ranges: [])
    }
}
