import EventLoop
import HTTP
import Identity
import JSON
import Orders
import Redis
import Service

/// `GET /ops/api/sessions?user=` finds a user's sessions; `POST /ops/api/sessions/close` closes them on every replica, or
/// one of them.
@Loop
struct SessionRoutes {
    let operatorGuard: OperatorGuard
    let registry: ReplicaRegistry
    let replicas: ServiceReplicas
    let audit: AuditLog

    func add(to router: APIRouter) {
        let router = router.admitting { _ = try await operatorGuard.admit($0) }
        router.on(.get, "/ops/api/sessions") { request, _ in try await find(request) }
        router.on(.post, "/ops/api/sessions/close", bodyLimit: 4096) { request, _ in
            try await close(request)
        }
    }

    private func find(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        guard let user = request.query("user").flatMap({ UserID($0) }) else {
            throw .validation([("user", ["A user id is required."])])
        }
        do throws(RedisError) {
            return answer(.array(try await registry.sessions(of: user)))
        } catch {
            throw .unavailable("Redis does not answer: the replicas' sessions are not known.")
        }
    }

    /// `{"userId": …, "id": …}`; without an id all of the user's sessions.
    private func close(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let caller = try await operatorGuard.admitChange(request)
        let body = request.body
        let wish = try? JSONValue(parsing: body.span)
        guard let user = wish?["userId"]?.string.flatMap({ UserID($0) }) else {
            throw .validation([("userId", ["A user id is required."])])
        }
        let id = wish?["id"]?.string
        try await audit.record(
            .closeSession, of: id.map { "\(user.value), session \($0)" } ?? "\(user.value), all",
            by: caller.userID)
        var members = [JSONValue.Member("userId", .string(user.value))]
        if let id { members.append(.init("id", .string(id))) }
        return answer(await closed(.object(members), request.headers["Authorization"] ?? ""))
    }

    /// Asks every notifier with the operator's own token.
    private func closed(_ wish: JSONValue, _ authorization: String) async -> JSONValue {
        let body = wish.encode()
        let answers = await replicas.each(of: "order-notification") { name, url in
            let answer = try? await replicas.post("\(url)/sessions/close", body, authorization)
            guard let answer, answer.status == .ok else { return (name: name, closed: nil as Int?) }
            return (name: name, closed: (try? JSONValue(parsing: answer.body.span))?["closed"]?.int)
        }
        return .object([
            .init("closed", .number(String(answers.compactMap(\.closed).reduce(0, +)))),
            .init("unanswered", .array(answers.filter { $0.closed == nil }.map { .string($0.name) })),
        ])
    }

    private func answer(_ value: JSONValue) -> HTTPResponse {
        HTTPResponse(.ok, json: value.encode(), headers: ["Cache-Control": "no-store"])
    }
}
