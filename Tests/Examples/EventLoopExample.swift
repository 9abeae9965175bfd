import EventLoop

@Loop func eventLoopExample() async throws {
    let stopping = AsyncSignal()
    let task = Loop.task {
        await Loop.reconnect(Backoff(), stableAfter: .seconds(5), until: stopping) {
            let start = Loop.now
            let endpoint = Endpoint(host: "127.0.0.1", port: 6380)
            guard let transport = try? await Transport.connect(to: endpoint, timeout: .seconds(2)) else {
                return .zero
            }
            transport.close()
            return start.duration(to: .systemNow())
        }
    }
    try await Loop.sleep(for: .seconds(1))
    stopping.set()
    await task.value
}
