import EventLoop
import Testing

@testable import Service

@Loop @Suite struct HealthTests {
    let health = Health()

    @Test func phasesTakePrecedenceOverChecks() async {
        health.addCheck("x") { "down" }
        health.phase = .starting("redis")
        #expect(await health.readiness() == ReadinessReport(status: .starting, reasons: ["starting redis"]))
        health.phase = .serving
        #expect(await health.readiness() == ReadinessReport(status: .unavailable, reasons: ["x: down"]))
        health.phase = .draining
        #expect(await health.readiness() == ReadinessReport(status: .draining, reasons: ["shutting down"]))
    }

    @Test func listsEveryReason() async {
        health.phase = .serving
        health.addCheck("redis") { nil }
        health.addCheck("rabbitmq") { "blocked" }
        health.addProbe("postgres") { throw Refused() }
        #expect(
            await health.readiness()
                == ReadinessReport(status: .unavailable, reasons: ["rabbitmq: blocked", "postgres: refused"]))
    }

    @Test func aCheckMayUseItsNameAsTheReason() async {
        health.phase = .serving
        health.addCheck("redis", holds: { true })
        health.addCheck("rabbitmq.blocked", holds: { false })
        #expect(await health.readiness().reasons == ["rabbitmq.blocked"])
    }

    @Test func aProbeRunsOnceForConcurrentCallersAndIsCached() async {
        health.phase = .serving
        let calls = Record()
        health.addProbe("x", every: .seconds(60)) {
            calls.events.append("calls")
            await Task.yield()
        }
        async let first = health.readiness()
        async let second = health.readiness()
        #expect(await [first.status, second.status] == [.ready, .ready])
        #expect(await health.readiness().status == .ready)
        #expect(calls.events == ["calls"])
    }

    @Test func aProbeRunsAgainWhenItsResultIsOld() async {
        health.phase = .serving
        let calls = Record()
        health.addProbe("x", every: .zero) { calls.events.append("calls") }
        _ = await health.readiness()
        _ = await health.readiness()
        #expect(calls.events.count == 2)
    }

    @Test func aHangingProbeFails() async {
        health.phase = .serving
        health.addProbe("x", within: .milliseconds(5)) { try await Loop.sleep(for: .seconds(60)) }
        let readiness = await health.readiness()
        #expect(readiness.status == .unavailable)
        #expect(readiness.reasons.first?.hasPrefix("x: no answer within") == true)
    }

    struct Refused: Error, CustomStringConvertible { let description = "refused" }
}
