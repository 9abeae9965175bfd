import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import Observability
import Orders
import Service
import TestSupport
import Testing

@testable import OrderNotification

@Loop @Suite(.endsItsSessions) struct RouteTests {
    let replica: Replica
    let router = HTTPRouter()

    init() throws {
        replica = try Replica()
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: "test"), format: .json),
            level: .critical)
        let edge = APIRouter(router, log: log, metrics: replica.registry)
        SocketRoutes(
            handshakeGuard: HandshakeGuard(sessions: replica.sessions, origins: ["https://shop.example"])
        ).add(to: edge)
        DevelopmentTokens(
            issuer: TokenIssuer(
                key: try .hmac(secret: Replica.secret), issuer: "waybill", audience: "waybill-api"),
            origins: ["https://shop.example.com"]
        ).add(to: edge)
    }

    private func json(_ response: HTTPResponse) throws -> JSONValue {
        guard case .bytes(let bytes) = response.body else { throw Unexpected() }
        return try JSONValue(parsing: bytes.span)
    }

    private func mint(_ body: String, host: String = "localhost:8080") async -> HTTPResponse {
        await router.respond(
            to: HTTPRequest(.post, "/dev/token", headers: ["Host": host], body: Array(body.utf8)))
    }

    /// A page whose name is made to lead to this machine has this server's origin.
    @Test(arguments: [
        ("localhost", 200), ("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("10.1.2.3", 200),
        ("edge:8080", 200),
        ("host.containers.internal:8080", 200), ("shop.example.com", 200), ("SHOP.example.com", 200),
        ("rebound.attacker.net:8080", 403), ("127.0.0.1.attacker.net", 403),
        ("shop.example.com.attacker.net", 403),
        ("localhost.attacker.net", 403), ("xshop.example.com", 403), ("attacker.net.", 403),
    ])
    func namesThatAnybodyCanRegisterMintNothing(host: String, status: Int) async throws {
        #expect(await mint(#"{"userId":"CUST-0001"}"#, host: host).status.code == status)
    }

    @Test func mintsTokensInDevelopmentOnly() async throws {
        let answer = await mint(#"{"userId":"CUST-0001"}"#)
        let value = try json(answer)
        #expect(answer.status == .ok)
        #expect(value.members?.map(\.key) == ["userId", "token", "expiresAtUtc"])
        let token = try #require(value["token"]?.string)
        let principal = try await replica.sessions.authenticator.authenticate(token)
        #expect(principal.userID.value == "CUST-0001")
    }

    @Test func mintedTokensCarryTheRequestedRoles() async throws {
        let token = try #require(
            try json(await mint(#"{"userId":"OP","roles":["operator"]}"#))["token"]?.string)
        #expect(try await replica.sessions.authenticator.authenticate(token).isOperator)
        let plain = try #require(try json(await mint(#"{"userId":"OP"}"#))["token"]?.string)
        #expect(try await !replica.sessions.authenticator.authenticate(plain).isOperator)
        for roles in [#""operator""#, "[7]", #"[""]"#, #"["a","a","a","a","a","a","a","a","a"]"#] {
            let answer = await mint(#"{"userId":"OP","roles":\#(roles)}"#)
            #expect(try json(answer).text == #"{"error":"roles are not valid"}"#)
        }
    }

    @Test(arguments: ["", "{}", #"{"userId":""}"#, #"{"userId":"  "}"#, #"{"userId":7}"#])
    func aUserIsRequired(_ body: String) async throws {
        let answer = await mint(body)
        #expect(answer.status == .badRequest)
        #expect(try json(answer).text == #"{"error":"userId is required"}"#)
    }

    private func get(_ target: String, _ headers: HTTPHeaders = [:]) async -> HTTPResponse {
        await router.respond(to: HTTPRequest(.get, target, headers: headers))
    }

    @Test func pagesOfOtherOriginsMayNotConnect() async throws {
        let token = try replica.token("ada")
        for path in ["/ws", "/api/notifications/stream", "/hubs/order-status"] {
            let target = "\(path)?access_token=\(token)"
            #expect(await get(target, ["Origin": "https://evil.example"]).status == .forbidden)
            #expect(await get(target, ["Origin": "https://shop.example"]).status != .forbidden)
            #expect(await get(target).status != .forbidden)
        }
    }

    /// An event source comes back after an event that says so, and gives up after a status.
    @Test func aStreamBeyondTheUsersLimitIsRefused() async throws {
        let token = try replica.token("ada")
        func stream() async -> HTTPResponse {
            await get("/api/notifications/stream", ["Authorization": "Bearer \(token)"])
        }
        #expect(await stream().status == .ok)
        for _ in 0..<20 { _ = replica.open("ada") }
        #expect(await stream().status == .tooManyRequests)
    }

    @Test func streamsAndHubsRequireATokenAtOnce() async throws {
        for path in ["/api/notifications/stream", "/hubs/order-status?access_token=x"] {
            let answer = await get(path)
            #expect(
                answer.status == .unauthorized
                    && answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer realm=\"waybill\"") == true)
        }
        let refused = await router.respond(to: HTTPRequest(.post, "/hubs/order-status/negotiate"))
        #expect(refused.status == .unauthorized)
    }

    @Test func onlyTheProtocolsNameIsEchoed() async throws {
        let offer = "waybill.v1, bearer.\(try replica.token("ada"))"
        guard case .webSocket(_, let chosen, _) = await get("/ws", ["Sec-WebSocket-Protocol": offer]).body
        else { throw Unexpected() }
        #expect(chosen == "waybill.v1")
        guard case .webSocket(_, nil, _) = await get("/ws").body else { throw Unexpected() }
    }

    @Test(arguments: [
        ("", 0), ("?negotiateVersion=0", 0), ("?negotiateVersion=1", 1), ("?negotiateVersion=9", 1),
    ])
    func negotiation(_ query: String, _ version: Int) async throws {
        let headers: HTTPHeaders = ["Authorization": "Bearer \(try replica.token("ada"))"]
        let answer = await router.respond(
            to: HTTPRequest(.post, "/hubs/order-status/negotiate\(query)", headers: headers))
        let value = try json(answer)
        #expect(value["negotiateVersion"]?.int == version)
        #expect((value["connectionToken"] != nil) == (version == 1))
        #expect(value["availableTransports"]?[0]?["transport"] == "WebSockets")
    }

    struct Unexpected: Error {}
}
