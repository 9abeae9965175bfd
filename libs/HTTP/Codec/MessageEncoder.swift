/// Writes the heads of messages.
enum MessageEncoder {
    enum Framing {
        case length(Int)
        case chunked
        /// No field about the body: for 1xx, 204 and 304, and for bodies that end with the connection.
        case unstated
    }

    static func appendResponseHead(
        _ status: HTTPStatus, _ headers: HTTPHeaders, common: [UInt8], framing: Framing,
        connection: StaticConnection, to out: inout [UInt8]
    ) {
        switch status.rawValue {
        case 200: out.append(ascii: "HTTP/1.1 200 OK\r\n")
        case 201: out.append(ascii: "HTTP/1.1 201 Created\r\n")
        default:
            out.append(ascii: "HTTP/1.1 ")
            out.append(decimal: status.code)
            out.append(32)
            out.append(ascii: status.reason)
            out.append(ascii: "\r\n")
        }
        out.append(contentsOf: common)
        out.append(contentsOf: headers.bytes)
        append(framing, to: &out)
        switch connection {
        case .unstated: break
        case .close: out.append(ascii: "Connection: close\r\n")
        case .keepAlive: out.append(ascii: "Connection: keep-alive\r\n")
        }
        out.append(ascii: "\r\n")
    }

    /// The value of the `Connection` field.
    enum StaticConnection { case unstated, close, keepAlive }

    static func append(_ framing: Framing, to out: inout [UInt8]) {
        switch framing {
        case .length(let length):
            out.append(ascii: "Content-Length: ")
            out.append(decimal: length)
            out.append(ascii: "\r\n")
        case .chunked: out.append(ascii: "Transfer-Encoding: chunked\r\n")
        case .unstated: break
        }
    }

    /// One chunk of the chunked coding; an empty one would end the body and is left out.
    static func appendChunk(_ bytes: Span<UInt8>, to out: inout [UInt8]) {
        guard bytes.count > 0 else { return }
        out.append(hex: bytes.count)
        out.append(ascii: "\r\n")
        out.append(bytes)
        out.append(ascii: "\r\n")
    }

    static func appendLastChunk(to out: inout [UInt8]) { out.append(ascii: "0\r\n\r\n") }
}
