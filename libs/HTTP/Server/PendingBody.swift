internal import EventLoop

/// A request whose body is still arriving.
@Loop
final class PendingBody {
    private(set) var request: Request
    let handler: Handler
    private let limit: Int
    private let length: Int?
    private var decoder = ChunkedDecoder()

    init(_ request: Request, _ handler: @escaping Handler, _ framing: BodyFraming, limit: Int) {
        self.request = request
        self.handler = handler
        self.limit = limit
        if case .length(let length) = framing { self.length = length } else { length = nil }
    }

    var isComplete: Bool {
        if let length { return request.body.count == length }
        return decoder.isDone
    }

    /// - Returns: bytes used.
    func feed(_ bytes: Span<UInt8>) throws(Refusal) -> Int {
        guard let length else { return try decoder.feed(bytes, into: &request.body, limit: limit) }
        let count = min(bytes.count, length - request.body.count)
        request.body.append(bytes.extracting(first: count))
        return count
    }
}
