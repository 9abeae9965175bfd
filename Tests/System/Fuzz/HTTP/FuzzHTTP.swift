import HTTP

/// The first byte chooses the codec, the second where the input is cut. Whatever the bytes: no crash, no leak,
/// and the outcome is the same in one piece and in two.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    let choice = input[0] % 3
    // The end gives every line that was left open its outcome.
    let bytes = Array(input[2...]) + (choice == 2 ? [] : Array("\r\n\n\r\n".utf8))
    let cut = Int(input[1]) * bytes.count / 255
    let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
    switch choice {
    case 0: precondition(requests([bytes]) == requests(pieces))
    case 1: precondition(response([bytes]) == response(pieces))
    default: precondition(frames([bytes]) == frames(pieces))
    }
    return 0
}

private func requests(_ pieces: [[UInt8]]) -> [String] {
    var log: [String] = []
    var buffer: [UInt8] = []
    var parser = HTTPRequestParser()
    var framing: HTTPBodyFraming?
    var body: [UInt8] = []
    var decoder = HTTPChunkedDecoder()
    do throws(HTTPParseError) {
        for piece in pieces {
            buffer += piece
            var used = 0
            while used < buffer.count || framing != nil {
                let rest = buffer.span.extracting(used..<buffer.count)
                guard let current = framing else {
                    guard let head = try parser.next(rest, limits: HTTPHeadLimits()) else { break }
                    used += head.length
                    framing = head.framing
                    body = []
                    decoder = HTTPChunkedDecoder()
                    let fields = head.headers.all.map { "\($0.name)\u{0}\($0.value)" }
                    log.append("\(head.method) \(head.length) \(head.framing) \(head.keepAlive) \(fields)")
                    continue
                }
                var isComplete = true
                if case .length(let length) = current {
                    let count = min(rest.count, length - body.count)
                    body += [UInt8](copying: rest.extracting(first: count))
                    used += count
                    isComplete = body.count == length
                } else if current == .chunked {
                    used += try decoder.feed(rest, into: &body, limit: 4096)
                    isComplete = decoder.isDone
                }
                guard isComplete else { break }
                log.append(String(repairing: body.span))
                framing = nil
            }
            buffer.removeFirst(used)
        }
    } catch {
        log.append("\(error.status.rawValue)")
    }
    return log
}

private func response(_ pieces: [[UInt8]]) -> String {
    var parser = HTTPResponseParser()
    var buffer: [UInt8] = []
    do throws(HTTPParseError) {
        for piece in pieces {
            buffer += piece
            if let head = try parser.next(buffer.span, limits: HTTPHeadLimits(), answering: .get) {
                return "\(head.status) \(head.length) \(head.framing) \(head.keepAlive) \(head.headers.count)"
            }
        }
        return "incomplete"
    } catch {
        return error.reason
    }
}

private func frames(_ pieces: [[UInt8]]) -> [String] {
    var decoder = WebSocketFrameDecoder(role: .server)
    var log: [String] = []
    var buffer: [UInt8] = []
    do throws(WebSocketError) {
        for piece in pieces {
            buffer += piece
            var offset = 0
            while true {
                var span = buffer.mutableSpan
                guard let event = try decoder.next(&span, at: &offset, limit: 4096) else { break }
                log.append(describe(event, buffer))
            }
            buffer.removeFirst(offset)
        }
    } catch {
        log.append("\(error.code)")
    }
    return log
}

/// Text must be UTF-8, whatever the peer sends.
private func describe(_ event: WebSocketFrameDecoder.Frame, _ buffer: [UInt8]) -> String {
    func bytes(_ payload: WebSocketFrameDecoder.Payload) -> [UInt8] {
        switch payload {
        case .inPlace(let range): Array(buffer[range])
        case .assembled(let bytes): bytes
        }
    }
    switch event {
    case .text(let payload):
        guard let text = String(utf8: bytes(payload).span) else { preconditionFailure("text is not UTF-8") }
        return "text \(text)"
    case .binary(let payload): return "binary \(bytes(payload))"
    case .ping(let payload): return "ping \(bytes(payload))"
    case .pong(let payload): return "pong \(bytes(payload))"
    case .close(let code, let reason):
        precondition(code.isSendable || code == .noStatus)
        return "close \(code) \(reason)"
    case .fragment: return "fragment"
    }
}
