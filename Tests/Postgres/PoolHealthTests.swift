import EventLoop
import TestSupport
import Testing

@testable import Postgres

/// Against a server that admits one session.
@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct PoolHealthTests {
    /// The server admits one session; the health is right again when the late one answers, which is all there is.
    @Test @Loop func aLateSessionThatAnswersProvesTheServer() async throws {
        try await withLimitedRole { owner, configuration in
            let pool = pool(configuration, size: 1)
            // Open, so that the statement is sent within its time, which a busy machine does not use up either.
            try await pool.withConnection { _ in }
            try await owner.script("BEGIN; SELECT pg_advisory_xact_lock(77202)")
            let error = await failure {
                try await pool.query(
                    PostgresStatement("SELECT pg_advisory_xact_lock(77202)::text"), within: .seconds(1))
            }
            #expect(error?.code == .timedOut)
            pool.openFirst()
            try await eventually("no other is admitted") { pool.health.problem == "full" }
            try await owner.script("COMMIT")
            try await eventually("it is known") { pool.fault == nil && pool.statistics.idle == 1 }
            await pool.close()
        }
    }

    /// A session that is idle proves nothing, and hides that no other could be opened.
    @Test @Loop func healthRecoversWithAnIdleSession() async throws {
        try await withLimitedRole { owner, configuration in
            let pool = pool(configuration, size: 2)
            try await pool.withConnection { _ in
                let second = Task { @Loop in try await pool.withConnection { _ in } }
                try await eventually("no other is admitted") { pool.health.problem == "full" }
                second.cancel()
                _ = await second.result
            }
            #expect(pool.statistics.idle == 1 && pool.health.problem == "full")
            try await owner.script("ALTER ROLE \(configuration.user) CONNECTION LIMIT 2")
            try await eventually("it is known") { pool.fault == nil }
            await pool.close()
        }
    }

    /// The configuration's user may have one session; the owner is another user.
    @Loop
    private func withLimitedRole(
        _ body: @Loop (PostgresConnection, PostgresConfiguration) async throws -> Void
    ) async throws {
        var configuration = try LiveServer.configuration()
        let owner = try await PostgresConnection.connect(try LiveServer.administration())
        defer { owner.close() }
        let (group, role) = (configuration.user, "limited_\(UInt64.random(in: 0...UInt64.max))")
        (configuration.user, configuration.password) = (role, "limited")
        // A busy machine may need more than the usual time for what happens meanwhile.
        configuration.lateLimit = .seconds(30)
        try await owner.script(
            "CREATE ROLE \(role) LOGIN PASSWORD 'limited' CONNECTION LIMIT 1 IN ROLE \(group)")
        try await body(owner, configuration)
        try await owner.script(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(role)'")
        try await owner.script("DROP ROLE \(role)")
    }

    @Loop private func pool(_ configuration: PostgresConfiguration, size: Int) -> PostgresPool {
        var limits = PostgresPoolLimits()
        limits.size = size
        limits.backoff = Backoff(base: .milliseconds(1), cap: .milliseconds(5))
        return PostgresPool(configuration, limits: limits)
    }
}
