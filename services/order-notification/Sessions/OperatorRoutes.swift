import Bytes
import EventLoop
import HTTP
import Identity
import JSON
import Orders
import Service

/// `POST /sessions/close {"userId", "id"?}` for operators: closes a user's sessions on this replica, or one of them, with
/// 1001, so that the client connects anew and resumes. The edge does not expose it; the console calls it.
@Loop
struct OperatorRoutes {
    let sessions: SessionRegistry

    static let path = "/sessions/close"

    func add(to router: APIRouter) {
        router.admitting { try await admit($0) }.on(.post, Self.path, bodyLimit: 4096) { request, _ in
            try await admit(request)
            return try close(request)
        }
    }

    /// Before a body is read, and in the handler.
    private func admit(_ request: HTTPRequest) async throws(Problem) {
        let caller: Principal
        do throws(AuthenticationError) {
            caller = try await sessions.authenticator.authenticate(request)
        } catch {
            throw Problem(error)
        }
        guard caller.isOperator else { throw Problem(.forbidden, "This requires the role `operator`.") }
    }

    private func close(_ request: HTTPRequest) throws(Problem) -> HTTPResponse {
        let body = request.body
        let wish = try? JSONValue(parsing: body.span)
        guard let user = wish?["userId"]?.string.flatMap({ UserID($0) }) else {
            throw .validation([("userId", ["A user id is required."])])
        }
        let id = wish?["id"]?.string
        let chosen = sessions.subscriptions.sessions(of: user).filter { session in
            session.isOpen && (id.map { $0.hasSameBytes(as: Session.text(of: session.id)) } ?? true)
        }
        for session in chosen { session.end(.goingAway, "closed by an operator") }
        return HTTPResponse(.ok, json: JSONWriter.encode { $0.object { $0.field("closed", chosen.count) } })
    }
}
