internal import EventLoop

/// A request whose body is still arriving.
@Loop
final class PendingBody {
    let head: HTTPRequestHead
    let match: RouteMatch
    private(set) var body: [UInt8] = []
    private let limit: Int
    private var decoder = HTTPChunkedDecoder()

    /// - Parameter limit: how large the body may become, in bytes.
    init(_ head: HTTPRequestHead, _ match: RouteMatch, limit: Int) {
        self.head = head
        self.match = match
        self.limit = limit
    }

    var isComplete: Bool {
        if case .length(let length) = head.framing { return body.count == length }
        return decoder.isDone
    }

    /// - Returns: bytes consumed.
    func feed(_ bytes: Span<UInt8>) throws(HTTPParseError) -> Int {
        guard case .length(let length) = head.framing else {
            return try decoder.feed(bytes, into: &body, limit: limit)
        }
        let count = min(bytes.count, length - body.count)
        body.append(bytes.extracting(first: count))
        return count
    }
}
