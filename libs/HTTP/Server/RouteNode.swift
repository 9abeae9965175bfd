internal import EventLoop

/// The route of one method of one path.
final class Route: Sendable {
    let pattern: String
    let parameterNames: [String]
    let bodyLimit: Int?
    /// Answers without reading the request's body.
    let isRefusal: Bool
    let admit: HTTPAdmission?
    let handler: HTTPHandler

    init(
        _ pattern: String, parameterNames: [String] = [], bodyLimit: Int? = nil, isRefusal: Bool = false,
        admit: HTTPAdmission? = nil, handler: @escaping HTTPHandler
    ) {
        self.pattern = pattern
        self.parameterNames = parameterNames
        self.bodyLimit = bodyLimit
        self.isRefusal = isRefusal
        self.admit = admit
        self.handler = handler
    }
}

/// The router's result for a request.
struct RouteMatch: Sendable {
    let route: Route
    /// The ranges of the route's parameters in the path.
    let ranges: [Range<Int>]
}

/// One segment of the router's paths.
@Loop
final class RouteNode {
    private var literals: [(segment: [UInt8], node: RouteNode)] = []
    private var parameter: RouteNode?
    /// By method.
    private var routes = [Route?](repeating: nil, count: HTTPMethod.allCases.count)
    private var hasRoutes = false

    init() {}

    func literalChild(_ segment: [UInt8]) -> RouteNode {
        if let known = literals.first(where: { $0.segment == segment }) { return known.node }
        let node = RouteNode()
        literals.append((segment, node))
        return node
    }

    func parameterChild() -> RouteNode {
        if let parameter { return parameter }
        let node = RouteNode()
        parameter = node
        return node
    }

    func route(for method: HTTPMethod) -> Route? { routes[Int(method.rawValue)] }

    func setRoute(_ route: Route, for method: HTTPMethod) {
        routes[Int(method.rawValue)] = route
        hasRoutes = true
    }

    /// The value of `Allow` for this path.
    var allow: String {
        let methods = HTTPMethod.allCases.filter { method in
            route(for: method) != nil || method == .options || (method == .head && route(for: .get) != nil)
        }
        return methods.map(\.name).joined(separator: ", ")
    }

    /// The node of the path from `start` on, or nil; appends the segments that parameters matched.
    func find(_ path: Span<UInt8>, from start: Int, _ ranges: inout [Range<Int>]) -> RouteNode? {
        guard start <= path.count else { return hasRoutes ? self : nil }
        var end = start
        while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
        for literal in literals where literal.segment.count == end - start {
            guard Self.equal(path, start, literal.segment) else { continue }
            let taken = ranges.count
            if let node = literal.node.find(path, from: end + 1, &ranges) { return node }
            ranges.removeSubrange(taken...)
        }
        guard let parameter, end > start else { return nil }
        ranges.append(start..<end)
        if let node = parameter.find(path, from: end + 1, &ranges) { return node }
        ranges.removeLast()
        return nil
    }

    private static func equal(_ path: Span<UInt8>, _ start: Int, _ segment: [UInt8]) -> Bool {
        for i in segment.indices where path[start + i] != segment[i] { return false }
        return true
    }
}
