import EventLoop
import Testing

@testable import HTTP

/// A peer that sends exactly the bytes it is told to and keeps what comes back.
@Loop
final class RawClient: TransportHandler {
    let transport: Transport
    private(set) var bytes: [UInt8] = []
    private(set) var isClosed = false
    private var waiter: CheckedContinuation<Void, Never>?
    private var condition: (() -> Bool)?

    /// Whether it stays when the server says no more.
    private let stays: Bool

    init(port: UInt16, stays: Bool = false) async throws {
        self.stays = stays
        transport = try await Transport.connect(
            to: Endpoint(host: "127.0.0.1", port: port), timeout: .seconds(5))
        transport.outputLimit = .max
        transport.start(self)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func send(_ text: String) { transport.write(text) }
    func send(_ bytes: [UInt8]) { transport.write(bytes) }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        self.bytes.append(bytes.span)
        check()
        return bytes.count
    }

    func inputEnded(_ transport: Transport) {
        if !stays { transport.close() }
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        isClosed = true
        check()
    }

    private func check() {
        guard let condition, condition() || isClosed else { return }
        self.condition = nil
        waiter?.resume()
        waiter = nil
    }

    /// Waits until `condition` holds or the connection is closed.
    func wait(within limit: Duration = .seconds(30), until condition: @escaping () -> Bool) async throws {
        if condition() || isClosed { return }
        let timer = Timer { [weak self] in
            self?.condition = nil
            self?.waiter?.resume()
            self?.waiter = nil
        }
        timer.arm(after: limit)
        await withCheckedContinuation {
            self.condition = condition
            waiter = $0
        }
        timer.cancel()
        try #require(condition() || isClosed, "nothing came within \(limit); so far: \(text)")
    }

    /// Waits until `text` has come, `count` times.
    @discardableResult
    func expect(_ expected: String, count: Int = 1) async throws -> String {
        try await wait { self.occurrences(of: expected) >= count }
        try #require(occurrences(of: expected) >= count, "closed after: \(text)")
        return text
    }

    func expectClose() async throws {
        try await wait { self.isClosed }
    }

    func clear() { bytes = [] }
    func close() { transport.close() }

    func occurrences(of expected: String) -> Int {
        guard !expected.isEmpty else { return 0 }
        return text.components(of: expected)
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        let bytes = Array(utf8)
        let part = Array(part.utf8)
        guard bytes.count >= part.count else { return 0 }
        return (0...(bytes.count - part.count)).count { bytes[$0..<($0 + part.count)].elementsEqual(part) }
    }
}

/// Waits until `condition` holds, looking once a turn of the loop; false when it does not within `limit`.
@Loop
func eventually(within limit: Duration = .seconds(30), _ condition: () -> Bool) async -> Bool {
    let deadline = Loop.now + limit
    while !condition() {
        guard Loop.now < deadline else { return false }
        try? await Loop.sleep(for: .milliseconds(1))
    }
    return true
}

/// Waits until `count` has begun to rise and stands still.
@Loop
func standsStill(_ count: () -> Int) async {
    var last = -1
    while count() == 0 || count() != last {
        last = count()
        try? await Loop.sleep(for: .milliseconds(10))
    }
}

/// Runs `body` against a server on a free port, and stops it.
@Loop
func withServer(
    _ configuration: HTTPServer.Configuration = .init(), _ routes: (HTTPRouter) -> Void,
    _ body: (HTTPServer, UInt16) async throws -> Void
) async throws {
    let router = HTTPRouter()
    routes(router)
    let server = HTTPServer(router, configuration)
    let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))
    do { try await body(server, port) } catch {
        await server.drain(within: .zero)
        throw error
    }
    await server.drain(within: .zero)
}
