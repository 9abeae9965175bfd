import EventLoop
import Testing

@testable import Service

@Loop @Suite struct HealthTests {
    let health = Health()

    @Test func phasesTakePrecedenceOverChecks() async {
        health.addCheck("x") { "down" }
        health.phase = .starting("redis")
        #expect(health.readiness() == ReadinessReport(status: .starting, reasons: ["starting redis"]))
        health.phase = .serving
        #expect(health.readiness() == ReadinessReport(status: .unavailable, reasons: ["x: down"]))
        health.phase = .draining
        #expect(health.readiness() == ReadinessReport(status: .draining, reasons: ["shutting down"]))
    }

    @Test func listsEveryReason() async {
        health.phase = .serving
        health.addCheck("redis") { nil }
        health.addCheck("rabbitmq") { "blocked" }
        health.addCheck("postgres") { "refused" }
        #expect(
            health.readiness()
                == ReadinessReport(status: .unavailable, reasons: ["rabbitmq: blocked", "postgres: refused"]))
    }

    @Test func aCheckMayUseItsNameAsTheReason() async {
        health.phase = .serving
        health.addCheck("redis", holds: { true })
        health.addCheck("rabbitmq.blocked", holds: { false })
        #expect(health.readiness().reasons == ["rabbitmq.blocked"])
    }
}
