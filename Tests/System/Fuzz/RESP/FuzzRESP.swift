import Redis

/// Whatever a server sends: no crash, and the pieces in which it arrives do not matter.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    let whole = replies([input[...]])
    let middle = count / 2
    precondition(replies([input[..<middle], input[middle...]]) == whole)
    if count <= 512 { precondition(replies(input.indices.map { input[$0...$0] }) == whole) }
    return 0
}

/// Ends with nil when the input is refused.
private func replies(_ pieces: [ArraySlice<UInt8>]) -> [RedisValue?] {
    var reader = RedisReplyReader(limits: RedisReplyReader.Limits(replyBytes: 4096, elements: 256))
    var replies: [RedisValue?] = []
    do throws(RedisError) {
        for piece in pieces {
            reader.feed(Array(piece).span)
            while let reply = try reader.next() {
                replies.append(reply)
                use(reply)
            }
        }
    } catch {
        replies.append(nil)
    }
    return replies
}

/// What the clients ask of any reply.
private func use(_ reply: RedisValue) {
    _ = (reply.string, reply.bytes, reply.integer, reply.isNull)
    if case .error(let error) = reply { _ = (error.isRetriable, error.description) }
    for element in reply.array ?? [] { use(element) }
}
