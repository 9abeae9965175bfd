import EventLoop
import HTTP
import JSON
import Observability
import Testing

@testable import Service

/// Implements section 2 of the contract.
@Loop @Suite struct HealthRoutesTests {
    let health = Health()
    let router = HTTPRouter()

    init() { health.addRoutes(to: router, metrics: Metrics()) }

    private func get(_ path: String) async -> (status: Int, body: String) {
        let response = await router.respond(to: HTTPRequest(.get, path))
        guard case .bytes(let bytes) = response.body else { return (response.status.code, "") }
        return (response.status.code, String(decoding: bytes, as: UTF8.self))
    }

    @Test(arguments: [
        (Health.Phase.starting("redis"), #"{"status":"starting","reasons":["starting redis"]}"#),
        (.draining, #"{"status":"draining","reasons":["shutting down"]}"#),
    ])
    func isNotReadyBeforeAndAfterServing(phase: Health.Phase, body: String) async {
        health.phase = phase
        #expect(await get("/health/ready") == (503, body))
        #expect(await get("/healthz") == (503, #"{"status":"unavailable"}"#))
        #expect(await get("/health/live") == (200, #"{"status":"ok"}"#))
    }

    @Test func isReadyWhileServing() async {
        health.phase = .serving
        #expect(await get("/health/ready") == (200, #"{"status":"ready"}"#))
        #expect(await get("/healthz") == (200, #"{"status":"ok"}"#))
    }

    @Test func isNotReadyWithoutADependency() async {
        health.phase = .serving
        health.addCheck("redis") { "not connected" }
        #expect(
            await get("/health/ready") == (
                503, #"{"status":"unavailable","reasons":["redis: not connected"]}"#
            ))
        #expect(await get("/healthz") == (503, #"{"status":"unavailable"}"#))
    }

    @Test func metricsArePrometheusText() async {
        let response = await router.respond(to: HTTPRequest(.get, "/metrics"))
        #expect(response.status == .ok)
        #expect(response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
    }
}
