import EventLoop
import HTTP

/// The WebSocket echo server under test by the conformance suite.
///
/// `ConformanceEcho PORT` runs until it is killed.
@main
struct Echo {
    static func main() {
        guard let port = CommandLine.arguments.dropFirst().first.flatMap({ UInt16($0) }) else {
            fatalError("the port is missing")
        }
        _ = Loop.run {
            let router = HTTPRouter()
            // The suite's largest message; it reads its echoes as fast as they come, but not at once.
            let configuration = WebSocket.Configuration(maxMessage: 16 << 20, outputLimit: 64 << 20)
            router.get("/") { _ in .webSocket(EchoHandler(), configuration) }
            let server = HTTPServer(router)
            do {
                try await server.listen(on: Endpoint(host: "127.0.0.1", port: port))
                while true { try await Loop.sleep(for: .seconds(3600)) }
            } catch {
                fatalError("\(error)")
            }
        }
    }
}

@Loop
private final class EchoHandler: WebSocketHandler {
    func received(text: Span<UInt8>, on socket: WebSocket) { socket.send(text: text) }
    func received(binary: Span<UInt8>, on socket: WebSocket) { socket.send(binary: binary) }
}
