import EventLoop
import HTTP
import JOSE
import JSON
import Observability
import Service
import TestSupport
import Testing

@testable import OrderNotification

@Loop @Suite(.endsItsSessions) struct OperatorRouteTests {
    private let replica: Replica
    private let router = HTTPRouter()

    init() throws {
        replica = try Replica()
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: "test"), format: .json),
            level: .critical)
        OperatorRoutes(sessions: replica.sessions).add(
            to: APIRouter(router, log: log, metrics: replica.registry))
    }

    private func close(_ body: String, roles: [String]? = ["operator"]) async throws -> HTTPResponse {
        var headers = HTTPHeaders()
        if let roles {
            let issuer = TokenIssuer(
                key: try .hmac(secret: Replica.secret), issuer: "waybill", audience: "waybill-api")
            let token = try issuer.token(for: "OP", roles: roles, now: WallClock.seconds())
            headers.add("Authorization", "Bearer \(token)")
        }
        return await router.respond(
            to: HTTPRequest(.post, OperatorRoutes.path, headers: headers, body: Array(body.utf8)))
    }

    private func closed(_ response: HTTPResponse) throws -> Int? {
        guard case .bytes(let bytes) = response.body else { return nil }
        return try JSONValue(parsing: bytes.span)["closed"]?.int
    }

    @Test func anOperatorClosesTheSessionsOfAUser() async throws {
        let tabs = [replica.open("ada"), replica.open("ada", .events)]
        let (_, other) = replica.open("bob")
        #expect(try closed(await close(#"{"userId":"ada"}"#)) == 2)
        for (_, tab) in tabs { #expect(tab.end?.code == .goingAway) }
        #expect(other.end == nil)
        #expect(try closed(await close(#"{"userId":"nobody"}"#)) == 0)
    }

    @Test func oneSessionIsClosedById() async throws {
        let (first, firstTab) = replica.open("ada")
        let (_, secondTab) = replica.open("ada")
        let id = Session.text(of: first.id)
        #expect(try closed(await close(#"{"userId":"bob","id":"\#(id)"}"#)) == 0)
        #expect(try closed(await close(#"{"userId":"ada","id":"\#(id)"}"#)) == 1)
        #expect(firstTab.end?.code == .goingAway && secondTab.end == nil)
    }

    @Test func nobodyElseClosesAnything() async throws {
        let (_, tab) = replica.open("ada")
        #expect(try await close(#"{"userId":"ada"}"#, roles: nil).status == .unauthorized)
        #expect(try await close(#"{"userId":"ada"}"#, roles: []).status == .forbidden)
        #expect(tab.end == nil)
        for body in ["", "{}", #"{"userId":7}"#] {
            #expect(try await close(body).status == .badRequest)
        }
    }
}
