import AMQP

/// Whatever a broker sends: no crash, and the pieces in which it arrives do not matter.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    let whole = frames([input[...]])
    let middle = count / 2
    precondition(frames([input[..<middle], input[middle...]]) == whole)
    return 0
}

/// Ends with nil when the input is refused.
private func frames(_ pieces: [ArraySlice<UInt8>]) -> [String?] {
    let codec = AMQPCodec()
    var log: [String?] = []
    var buffer: [UInt8] = []
    do throws(AMQPError) {
        for piece in pieces {
            buffer += piece
            var offset = 0
            while let frame = try AMQPFrame.find(in: buffer.span, at: offset, maximum: 1 << 16) {
                log.append(try describe(frame, buffer.span.extracting(frame.payload), codec))
                offset = frame.upperBound
            }
            buffer.removeFirst(offset)
        }
    } catch {
        log.append(nil)
    }
    return log
}

private func describe(
    _ frame: AMQPFrame, _ payload: Span<UInt8>, _ codec: borrowing AMQPCodec
) throws(AMQPError) -> String {
    switch frame.kind {
    case .method: "\(frame.channel) \(try codec.decodeMethod(payload))"
    case .header: "\(frame.channel) \(try codec.decodeHeader(payload))"
    case .body: "\(frame.channel) \(payload.count) bytes"
    case .heartbeat: "heartbeat"
    }
}
