import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import Observability
import Service
import WorkflowState

@testable import OrderAccept

/// order-accept's routes over ports in memory.
@Loop
final class API {
    let fixture = PlacementFixture()
    private let router = HTTPRouter()
    private let issuer: TokenIssuer

    init(limit: RateLimit? = nil) throws {
        let key = try SigningKey.generate(.hs256)
        issuer = TokenIssuer(key: key, issuer: "test", audience: "api")
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: "test"), format: .json),
            level: .critical)
        let metrics = Metrics()
        let authorizer = RequestAuthorizer(
            Authenticator(
                keys: KeySet([key.verificationKey]), rules: TokenRules(issuer: "test", audience: "api")),
            limiter: limit.map { UserRateLimiter($0) }, metrics: metrics)
        let edge = APIRouter(router, log: log, metrics: metrics)
        DescriptionRoute().add(to: edge)
        ProductRoutes(authorizer: authorizer, catalogue: fixture.catalogue).add(to: edge)
        PlacementRoutes(
            authorizer: authorizer, placement: fixture.placement, metrics: PlacementMetrics(metrics), log: log
        ).add(to: edge)
        OrderRoutes(
            authorizer: authorizer, reading: ReadOrders(pending: fixture.pending, queries: fixture.queries),
            cancelling: CancelOrder(
                pending: fixture.pending, queries: fixture.queries, publisher: fixture.publisher),
            log: log
        ).add(to: edge)
    }

    func token(for user: String) throws -> String {
        try issuer.token(for: user, now: WallClock.seconds())
    }

    /// The default user.
    static let user = "CUST-1"

    func get(_ target: String) async -> HTTPResponse {
        await send(.get, target, token: try? token(for: Self.user))
    }

    func get(_ target: String, token: String?) async -> HTTPResponse {
        await send(.get, target, token: token)
    }

    func delete(_ target: String) async -> HTTPResponse {
        await send(.delete, target, token: try? token(for: Self.user))
    }

    func post(
        _ target: String, _ body: String, type: String? = "application/json", headers: HTTPHeaders = [:]
    ) async -> HTTPResponse {
        var headers = headers
        if let type { headers.add("Content-Type", type) }
        return await send(.post, target, token: try? token(for: Self.user), headers, Array(body.utf8))
    }

    func send(
        _ method: HTTPMethod, _ target: String, token: String?, _ headers: HTTPHeaders = [:],
        _ body: [UInt8] = []
    ) async -> HTTPResponse {
        var headers = headers
        if let token { headers.add("Authorization", "Bearer \(token)") }
        return await router.respond(to: HTTPRequest(method, target, headers: headers, body: body))
    }
}

extension HTTPResponse {
    struct NoDocument: Error {}

    func json() throws -> JSONValue {
        guard case .bytes(let bytes) = body else { throw NoDocument() }
        return try JSONValue(parsing: bytes.span)
    }

    func problem() throws -> JSONValue {
        guard headers["Content-Type"] == "application/problem+json" else { throw NoDocument() }
        let problem = try json()
        guard problem["status"]?.int == status.code else { throw NoDocument() }
        return problem
    }
}
