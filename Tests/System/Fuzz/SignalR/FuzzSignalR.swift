/// Whatever a client sends: no crash in any protocol, and a hub's messages are the same one by one as together.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    // A WebSocket's text is UTF-8.
    let text = Array(String(decoding: input, as: UTF8.self).utf8)
    _ = try? NativeCodec.decode(text.span)
    guard let together = try? SignalRCodec.decode(text.span) else { return 0 }
    var single: [ClientMessage] = []
    for record in text.split(separator: SignalRCodec.separator, omittingEmptySubsequences: false).dropLast() {
        guard let messages = try? SignalRCodec.decode((Array(record) + [SignalRCodec.separator]).span) else {
            preconditionFailure("a message that is refused alone")
        }
        single += messages
    }
    precondition(single == together)
    return 0
}
