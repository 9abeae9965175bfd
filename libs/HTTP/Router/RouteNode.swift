internal import EventLoop

struct Route {
    var pattern: String
    var parameterNames: [String]
    var bodyLimit: Int?
    var handler: Handler
}

/// One segment of the paths that a router knows.
@Loop
final class RouteNode {
    private var literals: [(segment: [UInt8], node: RouteNode)] = []
    private var parameter: RouteNode?
    var routes: [Method: Route] = [:]

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

    /// The value of `Allow` for this path.
    var allow: String {
        var methods = Set(routes.keys)
        if methods.contains(.get) { methods.insert(.head) }
        methods.insert(.options)
        return Method.allCases.filter(methods.contains).map(\.name).joined(separator: ", ")
    }

    /// The node of the path from `start` on, or nil; appends the segments that parameters took.
    func find(_ path: Span<UInt8>, from start: Int, _ ranges: inout [Range<Int>]) -> RouteNode? {
        guard start <= path.count else { return routes.isEmpty ? nil : self }
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
