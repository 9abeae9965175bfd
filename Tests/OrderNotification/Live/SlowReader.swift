import EventLoop

/// A client that stops reading, of a WebSocket or of a stream of events.
@Loop
final class SlowReader: TransportHandler {
    private let transport: Transport
    private var text = ""

    init(port: UInt16, path: String = "/ws", token: String) async throws {
        transport = try await Transport.connect(
            to: Endpoint(host: "127.0.0.1", port: port), timeout: .seconds(2))
        transport.start(self)
        transport.write(
            "GET \(path)?access_token=\(token) HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    }

    var isWelcome: Bool { text.contains("\"welcome\"") }

    func stopReading() { transport.pauseReading() }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        for index in bytes.span.indices { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
        return bytes.count
    }

    func closed(_ transport: Transport, _ error: TransportError?) {}
}
