import AMQP
import Bytes
import EventLoop
import HTTP
import Identity
import JSON
import Messaging
import Observability
import Orders
import Service

/// The dead-letter messages of a queue: list, show, requeue, drop.
@Loop
struct DeadLetterRoutes {
    /// Messages of one response, and of one change.
    private static let most = 100
    /// Bytes of a body that are shown.
    private static let bodyLimit = 2048

    let operatorGuard: OperatorGuard
    let client: AMQPClient
    let publisher: AMQPPublisher
    let log: Logger

    func add(to router: APIRouter) {
        let router = router.admitting { _ = try await operatorGuard.admit($0) }
        router.on(.get, "/ops/api/dead-letters/{queue}") { request, _ in try await list(request) }
        router.on(.post, "/ops/api/dead-letters/{queue}/replay", bodyLimit: 16 << 10) { request, _ in
            try await change(request, "replayed") { messages, ids throws(AMQPError) in
                try await messages.replay(ids).count
            }
        }
        router.on(.post, "/ops/api/dead-letters/{queue}/drop", bodyLimit: 16 << 10) { request, _ in
            try await change(request, "dropped") { messages, ids throws(AMQPError) in
                try await messages.drop(ids).count
            }
        }
    }

    private func messages(_ request: HTTPRequest) throws(Problem) -> DeadLetterQueue {
        guard let queue = OrderTopology.WorkQueue(rawValue: request.parameter("queue")) else {
            throw Problem(.notFound, "There is no such queue.")
        }
        return DeadLetterQueue(of: queue.rawValue, client, publisher)
    }

    private func list(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        _ = try await operatorGuard.admit(request)
        let messages = try messages(request)
        do throws(AMQPError) {
            let total = try await messages.count()
            let items = try await messages.list(limit: Self.most).map { Self.item($0) }
            let answer = JSONValue.object([
                .init("queue", .string(messages.queue)), .init("total", .number(String(total))),
                .init("items", .array(items)),
            ])
            return HTTPResponse(.ok, json: answer.encode(), headers: ["Cache-Control": "no-store"])
        } catch {
            throw .unavailable("The broker does not answer.")
        }
    }

    private static func item(_ message: DeadLetterQueue.Message) -> JSONValue {
        let envelope = message.envelope
        return .object([
            .init("id", .string(message.name)), .init("correlationId", .string(envelope.correlationID)),
            .init("type", .string(envelope.type)), .init("sentBy", .string(envelope.appID)),
            .init("attempt", .number(String(envelope.attempt))),
            .init("reason", envelope.failure.map { .string($0.reason) } ?? .null),
            .init("failedAt", envelope.failure.map { .string($0.failedAt) } ?? .null),
            .init("body", .string(String(decoding: message.body.prefix(bodyLimit), as: UTF8.self))),
        ])
    }

    private typealias Change = @Loop (DeadLetterQueue, Set<ByteString>) async throws(AMQPError) -> Int

    private func change(_ request: HTTPRequest, _ name: String, _ work: Change) async throws(Problem)
        -> HTTPResponse
    {
        let caller = try await operatorGuard.admitChange(request)
        let messages = try messages(request)
        let ids = try Self.ids(request)
        do throws(AMQPError) {
            let done = try await work(messages, ids)
            log.info(
                "console.dead_letters_changed",
                ["done": name, "operator": caller.userID.value, "queue": messages.queue, "count": done])
            let answer = JSONValue.object([.init(name, .number(String(done)))])
            return HTTPResponse(.ok, json: answer.encode(), headers: ["Cache-Control": "no-store"])
        } catch {
            throw .unavailable("The broker does not answer.")
        }
    }

    /// `{"ids": [message ids]}`
    private static func ids(_ request: HTTPRequest) throws(Problem) -> Set<ByteString> {
        let body = request.body
        let list = (try? JSONValue(parsing: body.span))?["ids"]?.array ?? []
        let ids = list.compactMap(\.string).filter { !$0.isEmpty }
        guard (1...most).contains(list.count), ids.count == list.count else {
            throw .validation([("ids", ["Between 1 and \(most) message ids are required."])])
        }
        return Set(ids.map { ByteString($0) })
    }
}
