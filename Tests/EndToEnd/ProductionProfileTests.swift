import Foundation
import TestSupport
import Testing

/// What the services refuse outside development. None of these checks needs a server.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(1)))
struct ProductionProfileTests {
    private static let folder = ProcessInfo.processInfo.environment["WAYBILL_BIN"] ?? ".build/debug"
    private static let nowhere = [
        "REDIS_URL": "redis://127.0.0.1:1", "RABBITMQ_URL": "amqp://u:p@127.0.0.1:1",
        "DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d", "JWT_ISSUER": "waybill",
        "JWT_AUDIENCE": "waybill-api", "LOG_FORMAT": "json",
    ]
    private static let secret = ["JWT_SECRET": "0123456789abcdef0123456789abcdef"]

    @Test(
        arguments: ["order-accept", "order-notification"],
        [
            [:], ["JWT_SECRET": "short"], ["JWT_SECRET": String(repeating: "secret", count: 8)],
            ["JWT_JWKS_URL": "http://issuer.test/jwks"],
        ])
    func refusesToStartWithInvalidKeys(service: String, keys: [String: String]) async throws {
        let result = try await Program.run(
            ["\(Self.folder)/\(service)"], environment: Self.nowhere.merging(keys) { $1 },
            in: Stack.repository, within: .seconds(20))
        #expect(result.status == 78)
        #expect(result.errors.contains(keys.keys.first ?? "JWT_SECRET"))
    }

    /// `development` is checked too, to show that the route is missing because of the profile.
    @Test(arguments: [("production", "404"), ("development", "200")])
    func devTokenRouteExistsInDevelopmentOnly(profile: String, status: String) async throws {
        let script = """
            port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
            LISTEN=127.0.0.1:$port "$0" >/dev/null 2>&1 &
            trap "kill -9 $!" EXIT
            for try in $(seq 100); do
                curl -sf "http://127.0.0.1:$port/health/live" >/dev/null && break
                sleep 0.1
            done
            curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d '{"userId":"CUST-1"}' \\
                "http://127.0.0.1:$port/dev/token"
            """
        let environment = Self.nowhere.merging(Self.secret) { $1 }
        let result = try await Program.run(
            ["bash", "-c", script, "\(Self.folder)/order-notification"],
            environment: environment.merging(["WAYBILL_PROFILE": profile]) { $1 }, in: Stack.repository,
            within: .seconds(30))
        #expect(result.output == status, "\(result.errors)")
    }
}
