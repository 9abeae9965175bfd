package import EventLoop

/// Answers one request. It runs on the loop; its task is cancelled when the client goes away or the
/// server's handler limit passes.
package typealias Handler = @Loop (Request) async -> Response

/// Wraps every handler of a router, the outermost first.
package typealias Middleware = @Loop (Request, Handler) async -> Response

/// Routes by method and path. A literal segment wins over a parameter (`{id}`), which takes exactly one
/// non-empty segment. HEAD is answered by GET's route, OPTIONS by a 204 with `Allow`, unless they have
/// routes of their own; a path of other methods only is a 405.
@Loop
package final class Router {
    private let root = RouteNode()
    private var middleware: [Middleware] = []
    private var isCompiled = false

    /// Answers where no path matches.
    package var notFound: Handler = { _ in Response(problem: .notFound) }
    /// Answers where the path is known for other methods; `Allow` is added.
    package var methodNotAllowed: Handler = { _ in Response(problem: .methodNotAllowed) }

    package init() {}

    /// - Parameter bodyLimit: in bytes; nil for the server's.
    package func on(
        _ method: Method, _ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler
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
        let route = Route(
            pattern: pattern, parameterNames: names, bodyLimit: bodyLimit, handler: wrap(handler))
        precondition(
            node.routes.updateValue(route, forKey: method) == nil, "two routes: \(method) \(pattern)")
    }

    package func get(_ pattern: String, _ handler: @escaping Handler) { on(.get, pattern, handler) }
    package func post(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler) {
        on(.post, pattern, bodyLimit: bodyLimit, handler)
    }
    package func put(_ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler) {
        on(.put, pattern, bodyLimit: bodyLimit, handler)
    }
    package func delete(_ pattern: String, _ handler: @escaping Handler) { on(.delete, pattern, handler) }

    /// Wraps the routes added after it, and the answers to what matches none.
    package func use(_ middleware: @escaping Middleware) { self.middleware.append(middleware) }

    private func wrap(_ handler: @escaping Handler) -> Handler {
        middleware.reversed().reduce(handler) { next, outer in { request in await outer(request, next) } }
    }

    /// Fixes the routes; called by the server.
    func compile() {
        guard !isCompiled else { return }
        isCompiled = true
        notFound = wrap(notFound)
        methodNotAllowed = wrap(methodNotAllowed)
    }

    /// Routes a request that is whole and answers it: for tests of routes without a server.
    package func respond(to request: Request) async -> Response {
        compile()
        var request = request
        let match = self.match(&request)
        return await match.handler(request)
    }

    /// Finds the route and notes its parameters in the request.
    func match(_ request: inout Request) -> RouteMatch {
        if request.target.isAsterisk { return options(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") }
        var ranges: [Range<Int>] = []
        guard let node = request.withPathBytes({ root.find($0, from: 1, &ranges) }) else {
            return RouteMatch(handler: notFound, bodyLimit: nil, isRoute: false)
        }
        let route =
            node.routes[request.method] ?? (request.method == .head ? node.routes[.get] : nil)
        guard let route else {
            if request.method == .options { return options(allow: node.allow) }
            let allow = node.allow
            let handler = methodNotAllowed
            return RouteMatch(
                handler: { request in
                    var response = await handler(request)
                    response.headers.set("Allow", allow)
                    return response
                }, bodyLimit: nil, isRoute: false)
        }
        request.route = route.pattern
        request.parameterNames = route.parameterNames
        request.parameterRanges = ranges
        return RouteMatch(handler: route.handler, bodyLimit: route.bodyLimit, isRoute: true)
    }

    private func options(allow: String) -> RouteMatch {
        RouteMatch(
            handler: wrap { _ in Response(.noContent, headers: ["Allow": allow]) }, bodyLimit: nil,
            isRoute: true)
    }
}

/// What the router found for a request.
struct RouteMatch {
    var handler: Handler
    var bodyLimit: Int?
    /// False where the answer is a refusal, for which no body needs to be read.
    var isRoute: Bool
}
