import Bytes
import EventLoop
import HTTP
import Identity
import JSON
import Observability
import Orders
import Service

/// The open streams of the console.
@Loop
final class StatusSubscribers {
    static let limit = 32
    private var streams: [Int: (stream: ServerSentEventStream, isValid: @Loop () -> Bool)] = [:]
    private var next = 0

    var isEmpty: Bool { streams.isEmpty }
    var isFull: Bool { streams.count >= Self.limit }

    /// - Parameter isValid: whether the token that opened the stream is still good.
    func add(_ stream: ServerSentEventStream, while isValid: @escaping @Loop () -> Bool) {
        let number = next
        next += 1
        streams[number] = (stream, isValid)
        stream.onClosed = { [weak self] _ in self?.streams[number] = nil }
    }

    func send(_ name: String, _ value: JSONValue) {
        let event = ServerSentEvent(event: name, data: value.encode().span)
        for (stream, _) in streams.values { stream.send(event) }
    }

    func closeExpired() {
        for (number, entry) in streams where !entry.isValid() {
            streams[number] = nil
            entry.stream.finish()
        }
    }

    func finish() {
        for (stream, _) in streams.values { stream.finish() }
        streams = [:]
    }
}

/// Sends the system's state and new log entries to all streams, once a second while there are any, and remembers an hour.
@Loop
final class StatusBroadcaster: Service {
    private static let interval = Duration.seconds(1)
    private let subscribers: StatusSubscribers
    private let system: SystemReader
    private let orders: OrderEventFeed
    private let metrics: StatusMetrics
    private let log: Logger
    private(set) var history = StatusHistory()
    /// Nil before the first one.
    private(set) var state: SystemState?

    init(
        _ subscribers: StatusSubscribers, _ system: SystemReader, _ orders: OrderEventFeed,
        _ metrics: StatusMetrics, _ log: Logger
    ) {
        self.metrics = metrics
        self.subscribers = subscribers
        self.system = system
        self.orders = orders
        self.log = log
    }

    func run() async throws {
        while true {
            try await Loop.sleep(for: Self.interval)
            subscribers.closeExpired()
            let isDue = (state?.at ?? 0) + StatusHistory.interval <= WallClock.milliseconds()
            if isDue || !subscribers.isEmpty { await publish() }
        }
    }

    /// The state, read now unless it was just read: who asks has often just changed something.
    func current() async -> SystemState {
        if let state, state.at + 250 > WallClock.milliseconds() { return state }
        return await read()
    }

    private func read() async -> SystemState {
        var state = await system.read()
        let before = self.state?.began ?? [:]
        for problem in state.problems {
            let key = ByteString(problem.key)
            state.began[key] = before[key] ?? state.at
        }
        self.state = state
        metrics.show(state)
        if let point = history.add(state) { subscribers.send("point", point.json) }
        return state
    }

    func drain(until deadline: Instant) async { subscribers.finish() }

    private func publish() async {
        let state = Loop.task { await self.read() }
        if subscribers.isEmpty {
            _ = await state.value
            return
        }
        do {
            let entries = try await orders.readNew()
            if !entries.isEmpty { subscribers.send("orders", .array(entries)) }
        } catch {
            log.debug("console.event_log_read_failed", ["error": "\(error)"])
        }
        subscribers.send("state", await state.value.json)
    }
}

/// `GET /ops/api/state`, and `GET /ops/api/stream` with the events `hello`, `orders`, `state` and `point`.
@Loop
struct StatusRoutes {
    let operatorGuard: OperatorGuard
    let subscribers: StatusSubscribers
    let status: StatusBroadcaster
    let log: OrderEventFeed
    let hasFaultInjection: Bool

    func add(to router: APIRouter) {
        router.on(.get, "/ops/api/state") { request, _ in
            _ = try await operatorGuard.admit(request)
            return HTTPResponse(
                .ok, json: await status.current().json.encode(), headers: ["Cache-Control": "no-store"])
        }
        router.on(.get, "/ops/api/stream") { request, _ in try await stream(request) }
    }

    private func stream(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let caller = try await operatorGuard.admit(request)
        guard !subscribers.isFull else { throw .unavailable("Too many streams are open.", retryAfter: 10) }
        let hello = JSONValue.object([
            .init("operator", .string(caller.userID.value)), .init("hasLab", .bool(hasFaultInjection)),
            .init("recent", .array(log.recent)), .init("history", status.history.json),
        ])
        return .eventStream { stream in
            subscribers.add(stream) { operatorGuard.isValid(caller) }
            stream.send(ServerSentEvent(event: "hello", data: hello.encode().span))
        }
    }
}
