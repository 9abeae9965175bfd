import AMQP
import Bytes
import EventLoop
import HTTP
import Identity
import JSON
import Messaging
import Orders
import Service

/// The dead letters of a queue: found by text and reason, replayed, dropped.
@Loop
struct DeadLetterRoutes {
    /// Messages of one change.
    private static let most = DeadLetterPage.read

    let operatorGuard: OperatorGuard
    let audit: AuditLog
    let lookup: OrderLookup
    let copies: RememberedOrders
    let deadLetters: @Loop (OrderTopology.WorkQueue) -> DeadLetterQueue
    let jobs = ReplayJobs()
    let looks = DeadLetterLooks()

    func add(to router: APIRouter) {
        let router = router.admitting { _ = try await operatorGuard.admit($0) }
        router.on(.get, "/ops/api/dead-letters/{queue}") { request, _ in try await list(request) }
        router.on(.post, "/ops/api/dead-letters/{queue}/replay", bodyLimit: 256 << 10) { request, _ in
            try await replay(request)
        }
        router.on(.get, "/ops/api/replays/{id}") { request, _ in
            _ = try await operatorGuard.admit(request)
            guard let job = Int(request.parameter("id")).flatMap({ jobs[$0] }) else {
                throw Problem(.notFound, "This replay is not known any more.")
            }
            return Self.answer(job.json)
        }
        router.on(.post, "/ops/api/dead-letters/{queue}/drop", bodyLimit: 256 << 10) { request, _ in
            try await drop(request)
        }
    }

    private static func answer(_ value: JSONValue, _ status: HTTPStatus = .ok) -> HTTPResponse {
        HTTPResponse(status, json: value.encode(), headers: ["Cache-Control": "no-store"])
    }

    private func queue(_ request: HTTPRequest) throws(Problem) -> OrderTopology.WorkQueue {
        guard let queue = OrderTopology.WorkQueue(rawValue: request.parameter("queue")) else {
            throw Problem(.notFound, "There is no such queue.")
        }
        return queue
    }

    /// `?reason=&q=&offset=&size=&whole=true`, or `?id=` for one message, with its whole body.
    private func list(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        _ = try await operatorGuard.admit(request)
        let queue = try queue(request)
        var filter = DeadLetterPage.Filter()
        filter.reason = request.query("reason")
        filter.text = request.query("q")
        func number(_ name: String, _ range: ClosedRange<Int>, _ fallback: Int) throws(Problem) -> Int {
            guard let text = request.query(name) else { return fallback }
            guard let value = Int(text), range.contains(value) else {
                throw .validation([
                    (name, ["It must be between \(range.lowerBound) and \(range.upperBound)."])
                ])
            }
            return value
        }
        filter.offset = try number("offset", 0...DeadLetterPage.read, 0)
        filter.size = try number("size", 1...DeadLetterPage.largest, filter.size)
        let look = try await read(queue)
        if let id = request.query("id") {
            let found = look.messages.filter { $0.name.hasSameBytes(as: id) }
            let items = found.map { DeadLetterText.json($0, in: queue, isWhole: true) }
            return Self.answer(.object([.init("items", .array(items))]))
        }
        let page = DeadLetterPage(
            queue: queue.rawValue, total: look.total,
            messages: look.messages.map {
                DeadLetterText.json($0, in: queue, isWhole: request.query("whole") == "true")
            }, filter: filter)
        return Self.answer(page.json)
    }

    private func read(_ queue: OrderTopology.WorkQueue) async throws(Problem) -> DeadLetterLooks.Look {
        do throws(AMQPError) { return try await looks.look(at: queue, deadLetters(queue)) } catch {
            throw .unavailable("The broker does not answer.")
        }
    }

    /// `{"ids": […]}` or `{"reason": …}`: 202 with the replay, which goes on by itself.
    private func replay(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let caller = try await operatorGuard.admitChange(request)
        let queue = try queue(request)
        let (names, reason) = try await names(request, queue)
        try await audit.record(
            .replayDeadLetters, of: Self.subject(names, reason, in: queue),
            by: caller.userID)
        let job = jobs.start { ReplayJob($0, queue, deadLetters(queue), lookup, copies, names: names) }
        guard let job else { throw Problem(.conflict, "Another replay is running: wait until it is over.") }
        return Self.answer(job.json, .accepted)
    }

    private func drop(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let caller = try await operatorGuard.admitChange(request)
        let queue = try queue(request)
        let (names, reason) = try await names(request, queue)
        try await audit.record(
            .dropDeadLetters, of: Self.subject(names, reason, in: queue),
            by: caller.userID)
        do throws(AMQPError) {
            let dropped = try await deadLetters(queue).drop(Set(names))
            return Self.answer(.object([.init("dropped", .array(dropped.map { .string($0) }))]))
        } catch {
            throw .unavailable("The broker does not answer.")
        }
    }

    private static func subject(
        _ names: [ByteString], _ reason: String?, in queue: OrderTopology.WorkQueue
    ) -> String {
        let some = names.prefix(20).map(\.text).joined(separator: " ") + (names.count > 20 ? " …" : "")
        return "\(names.count) of \(queue.rawValue)\(reason.map { ", “\($0.prefix(200))”" } ?? ""): \(some)"
    }

    /// Of a reason, those that failed first at the beginning.
    private func names(
        _ request: HTTPRequest, _ queue: OrderTopology.WorkQueue
    ) async throws(Problem) -> (names: [ByteString], reason: String?) {
        let body = request.body
        let wish = try? JSONValue(parsing: body.span)
        if let reason = wish?["reason"]?.string {
            let names = try await read(queue).messages.filter {
                ($0.envelope.failure?.reason ?? "").hasSameBytes(as: reason)
            }.map { ByteString($0.name) }
            guard !names.isEmpty else { throw Problem(.notFound, "No message has this reason any more.") }
            return (names, reason)
        }
        let list = wish?["ids"]?.array ?? []
        let names = list.compactMap(\.string).filter { !$0.isEmpty }
        guard (1...Self.most).contains(list.count), names.count == list.count else {
            throw .validation([("ids", ["Between 1 and \(Self.most) message ids are required, or a reason."])]
            )
        }
        return (names.map { ByteString($0) }, nil)
    }
}
