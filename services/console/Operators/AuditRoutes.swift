import EventLoop
import HTTP
import JSON
import Service

/// `GET /ops/api/acts`: what operators did, newest first.
@Loop
struct AuditRoutes {
    let operatorGuard: OperatorGuard
    let audit: AuditLog

    func add(to router: APIRouter) {
        router.on(.get, "/ops/api/acts") { request, _ in
            _ = try await operatorGuard.admit(request)
            return HTTPResponse(
                .ok, json: try await audit.recent().encode(), headers: ["Cache-Control": "no-store"])
        }
    }
}
