import EventLoop

/// Delays the services after it, so the HTTP server, until orders can be accepted: a load balancer sends requests to a
/// replica as soon as it listens. With PostgreSQL away the server listens all the same, and says so in readiness.
@Loop
struct FirstData: Service {
    let catalogue: PostgresCatalogue
    let orderIDs: SequenceOrderIDs

    private static let limit = Duration.seconds(2)

    func start() async {
        let deadline = Loop.now + Self.limit
        for signal in [catalogue.loaded, orderIDs.begun] {
            await signal.wait(within: max(Loop.now.duration(to: deadline), .zero))
        }
    }
}
