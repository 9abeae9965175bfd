import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import Service
import TestSupport
import Testing

@testable import Console

@Loop @Suite(.onLoop) struct ConsoleTests {
    private static let secret = Array("a secret of the tests, long enough".utf8)
    private let issuer: TokenIssuer
    private let operatorGuard: OperatorGuard

    init() throws {
        issuer = TokenIssuer(key: try .hmac(secret: Self.secret), issuer: "waybill", audience: "waybill-api")
        let keys = KeySet([try VerificationKey.hmac(secret: Self.secret)])
        operatorGuard = OperatorGuard(
            Authenticator(keys: keys, rules: TokenRules(issuer: "waybill", audience: "waybill-api")),
            origins: ["https://shop.example"])
    }

    private func request(
        _ more: HTTPHeaders = [:], _ method: HTTPMethod = .get, roles: [String] = ["operator"]
    ) throws -> HTTPRequest {
        let token = try issuer.token(for: "OP", roles: roles, now: WallClock.seconds())
        var headers = more
        headers.add("Authorization", "Bearer \(token)")
        return HTTPRequest(method, "/ops/api/stream", headers: headers)
    }

    private func refusal(_ request: HTTPRequest, isChange: Bool = false) async throws -> HTTPStatus? {
        do throws(Problem) {
            _ = try await isChange ? operatorGuard.admitChange(request) : operatorGuard.admit(request)
            return nil
        } catch {
            return error.status
        }
    }

    @Test func anOperatorOnTheConsolePageIsAdmitted() async throws {
        #expect(try await refusal(request()) == nil)
        #expect(try await refusal(request(["Origin": "https://shop.example"])) == nil)
        #expect(try await refusal(request(roles: ["clerk", "operator"])) == nil)
    }

    @Test func everyoneElseIsRefused() async throws {
        #expect(try await refusal(HTTPRequest(.get, "/ops/api/stream")) == .unauthorized)
        #expect(try await refusal(request(roles: [])) == .forbidden)
        #expect(try await refusal(request(roles: ["operators"])) == .forbidden)
        #expect(try await refusal(request(["Origin": "https://evil.example"])) == .forbidden)
        #expect(try await refusal(request(["Origin": "null"])) == .forbidden)
        #expect(try await refusal(request(["Sec-Fetch-Site": "cross-site"])) == .forbidden)
    }

    @Test func changesNeedABodyThatRequiresAPreflight() async throws {
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let sent = try request(["Content-Type": type], .post)
            #expect(try await refusal(sent, isChange: true) == .unsupportedMediaType)
        }
        let json = try request(["Content-Type": "application/json"], .post)
        #expect(try await refusal(json, isChange: true) == nil)
    }

    @Test func onlyTheShownSamplesAreRead() {
        let text = """
            # HELP waybill_notification_sessions Open sessions.
            # TYPE waybill_notification_sessions gauge
            waybill_notification_sessions{protocol="websocket"} 12
            notify_sessions_of_another_name 3
            waybill_http_requests_total{route="/x"} 9
            process_cpu_seconds_total 1.5
            waybill_notification_users NaN
            """
        let samples = ServiceProbe.samples(of: text)
        #expect(
            samples.map(\.key) == [
                #"waybill_notification_sessions{protocol="websocket"}"#, "process_cpu_seconds_total",
            ])
        #expect(samples.map(\.value.double) == [12, 1.5])
    }

    @Test func faultInjectionWithoutAStackSignalsNothing() {
        let faults = FaultInjection(stack: "/nowhere/stack.json")
        #expect(faults.inject(.kill, into: "order-notification@5006") == nil)
        #expect(FaultInjection.Fault.kill.signal == 9)
        #expect(FaultInjection.Fault.drain.signal == 15)
    }
}
