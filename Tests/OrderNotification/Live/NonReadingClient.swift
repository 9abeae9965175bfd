import EventLoop
import Foundation

/// A WebSocket client that asks for a connection and never reads, with as small a window as the kernel gives,
/// so that what the server sends soon waits in the server.
@Loop
final class NonReadingClient {
    private let descriptor: Int32

    init(port: UInt16, token: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var size: Int32 = 4096
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, status == 0 else { throw POSIXError(.ECONNREFUSED) }
        let request =
            "GET /ws?access_token=\(token) HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        guard unsafe send(descriptor, request, request.utf8.count, 0) == request.utf8.count else {
            throw POSIXError(.EPIPE)
        }
    }

    func close() { Foundation.close(descriptor) }
}
