package import EventLoop

/// The body of a response, as it arrives. Reading from the connection pauses while much is buffered here;
/// the connection is closed when the stream is cancelled or released before its end.
@Loop
package final class HTTPBodyStream {
    /// Buffered bytes past which reading from the connection pauses.
    private static let highWater = 256 << 10

    private var chunks: [UInt8] = []
    private var outcome: HTTPError??
    private var reader: LoopContinuation<Void>?
    private weak var connection: HTTPClientConnection?

    init(_ connection: HTTPClientConnection?) { self.connection = connection }

    isolated deinit { if outcome == nil { connection?.abandon() } }

    /// The bytes that have arrived, at least one; nil at the end of the body. One reader at a time.
    package func next() async throws(HTTPError) -> [UInt8]? {
        if chunks.isEmpty, outcome == nil { await arrival() }
        if !chunks.isEmpty {
            defer { chunks = [] }
            connection?.resumeBody()
            return chunks
        }
        if case .some(let error?) = outcome { throw error }
        return nil
    }

    /// The rest of the body.
    ///
    /// - Parameter limit: in bytes; more throws `.tooLarge`.
    package func collect(limit: Int) async throws(HTTPError) -> [UInt8] {
        var body: [UInt8] = []
        while let bytes = try await next() {
            guard bytes.count <= limit - body.count else {
                cancel()
                throw HTTPError(.tooLarge, "body too large")
            }
            if body.isEmpty { body = bytes } else { body += bytes }
        }
        return body
    }

    /// Discards the body and closes the connection.
    package func cancel() {
        guard outcome == nil else { return }
        connection?.abandon()
        end(HTTPError(.cancelled, "cancelled"))
    }

    private func arrival() async {
        precondition(reader == nil, "one reader at a time")
        await withTaskCancellationHandler {
            await Loop.suspend { (continuation: LoopContinuation<Void>) in
                if Task.isCancelled { cancel() }
                if outcome == nil, chunks.isEmpty { reader = continuation } else { continuation.resume() }
            }
        } onCancel: {
            Loop.task { self.cancel() }
        }
    }

    /// - Returns: whether more should be read.
    func append(_ bytes: Span<UInt8>) -> Bool {
        chunks.append(bytes)
        wake()
        return chunks.count < Self.highWater
    }

    /// Decodes into the buffer.
    func append(
        _ bytes: Span<UInt8>, through decoder: inout HTTPChunkedDecoder
    ) throws(HTTPParseError) -> (used: Int, wantsMore: Bool) {
        let used = try decoder.feed(bytes, into: &chunks, limit: .max)
        if !chunks.isEmpty { wake() }
        return (used, chunks.count < Self.highWater)
    }

    func end(_ error: HTTPError?) {
        guard outcome == nil else { return }
        outcome = .some(error)
        connection = nil
        wake()
    }

    private func wake() {
        reader?.resume()
        reader = nil
    }
}
