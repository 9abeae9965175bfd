import Bytes
import EventLoop
import TestSupport
import Testing

@testable import Postgres

@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct PoolTests {
    private static let process = PostgresStatement("SELECT pg_backend_pid()")

    @Loop
    private func withPool(
        _ limits: PostgresPoolLimits, lateLimit: Duration = .seconds(2),
        _ body: @Loop (PostgresPool) async throws -> Void
    ) async throws {
        var configuration = try LiveServer.configuration()
        configuration.lateLimit = lateLimit
        var limits = limits
        if limits.wait == PostgresPoolLimits().wait { limits.wait = .seconds(30) }
        let pool = PostgresPool(configuration, limits: limits)
        do {
            try await body(pool)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        #expect(pool.statistics == PostgresPoolStatistics(idle: 0, leased: 0, opening: 0, waiting: 0))
    }

    @Test @Loop func boundsItsSizeAndReusesSessions() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 3
        try await withPool(limits) { pool in
            let tasks = (0..<40).map { _ in
                Task { @Loop in try await pool.query(Self.process).one().int32(0) }
            }
            var processes: Set<Int32> = []
            for task in tasks { processes.insert(try await task.value) }
            #expect((1...3).contains(processes.count))
            #expect(pool.statistics.idle == processes.count)
        }
    }

    @Test @Loop func servesCallersInOrder() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 1
        try await withPool(limits) { pool in
            var order: [Int] = []
            let tasks = (0..<20).map { number in
                Task { @Loop in try await pool.withConnection { _ in order.append(number) } }
            }
            for task in tasks { try await task.value }
            #expect(order == Array(0..<20))
        }
    }

    @Test @Loop func exhaustionIsATemporaryError() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 1
        limits.waiters = 1
        limits.wait = .seconds(30)
        try await withPool(limits) { pool in
            let waiting = try await pool.withConnection { _ in
                let late = await failure { try await pool.withConnection(wait: .milliseconds(10)) { _ in } }
                #expect(late?.code == .poolExhausted)
                #expect(late?.isRetriable == true)
                #expect(pool.statistics.waiting == 0)

                let waiting = Task { @Loop in try await pool.query(Self.process).count }
                try await eventually("one caller waits") { pool.statistics.waiting == 1 }
                let refused = await failure { try await pool.withConnection { _ in } }
                #expect(refused?.code == .poolExhausted)
                return waiting
            }
            #expect(try await waiting.value == 1)
            try await pool.query(Self.process)
        }
    }

    /// A session that owes an answer is replaced, and comes back with it.
    @Test @Loop func aLateSessionComesBack() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 1
        let holder = try await PostgresConnection.connect(try LiveServer.configuration())
        defer { holder.close() }
        // A busy machine may need more than the usual time for the second session.
        try await withPool(limits, lateLimit: .seconds(30)) { pool in
            // Open, so that the statement is sent within its time, which a busy machine does not use up either.
            try await pool.withConnection { _ in }
            try await holder.script("BEGIN; SELECT pg_advisory_xact_lock(77201)")
            let error = await failure {
                try await pool.query(
                    PostgresStatement("SELECT pg_advisory_xact_lock(77201)::text, pg_backend_pid()"),
                    within: .seconds(1))
            }
            #expect(error?.code == .timedOut)
            #expect(pool.statistics.leased == 0 && pool.statistics.idle == 0)
            let second = try await pool.query(Self.process).one().int32(0)
            #expect(pool.statistics.idle == 1)
            try await holder.script("COMMIT")
            try await eventually("the late one is back") { pool.statistics.idle == 2 }
            #expect(try await pool.query(Self.process).one().int32(0) != second)
        }
    }

    @Test @Loop func replacesBrokenSessionsAndThoseInATransaction() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 1
        try await withPool(limits) { pool in
            let first = try await pool.query(Self.process).one().int32(0)
            await #expect(throws: PostgresError.self) {
                try await pool.query(PostgresStatement("SELECT pg_sleep(20)"), within: .milliseconds(20))
            }
            let second = try await pool.query(Self.process).one().int32(0)
            #expect(second != first)
            try await pool.withConnection { connection in
                _ = try await connection.query(PostgresStatement("BEGIN", reused: false))
            }
            let third = try await pool.query(Self.process).one().int32(0)
            #expect(third != second)
        }
    }

    @Test @Loop func replacesAKilledIdleSession() async throws {
        try await withPool(PostgresPoolLimits()) { pool in
            let other = try await PostgresConnection.connect(pool.configuration)
            defer { other.close() }
            let first = try await pool.query(Self.process).one().int32(0)
            try await other.query(PostgresStatement("SELECT pg_terminate_backend($1::int4)"), first)
            try await eventually("a new session is opened") {
                // The first may be lent once more before its end is detected.
                guard let answer = try? await pool.query(Self.process) else { return false }
                return try answer.one().int32(0) != first
            }
        }
    }

    /// The session ended in between, as at a restart of the server; its end is not detected yet.
    @Test @Loop func aReadIsRepeatedOnAnotherSession() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 1
        let other = try await PostgresConnection.connect(try LiveServer.configuration())
        defer { other.close() }
        let end = PostgresStatement("SELECT pg_terminate_backend($1::int4, 5000)")
        let sleepingRead = PostgresStatement.read(
            "SELECT pg_backend_pid(), pg_sleep(CASE WHEN $1 = pg_backend_pid() THEN 20 ELSE 0 END)")
        try await withPool(limits) { pool in
            let first = try await pool.query(Self.process).one().int32(0)
            async let answer = pool.query(sleepingRead, first)
            try await eventually("it sleeps") {
                try await other.query(
                    PostgresStatement(
                        "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"), first
                ).count == 1
            }
            try await other.query(end, first)
            #expect(try await answer.one().int32(0) != first)
        }
    }

    @Test @Loop func aCallerDoesNotWaitForAServerThatIsAway() async throws {
        var limits = PostgresPoolLimits()
        limits.backoff = Backoff(base: .seconds(60), cap: .seconds(60))
        limits.wait = .seconds(60)
        var configuration = try LiveServer.configuration()
        configuration.hosts[0].port = 1
        let pool = PostgresPool(configuration, limits: limits)
        pool.openFirst()
        try await eventually("it is known") { pool.health.error != nil }
        let start = Loop.now
        let error = await failure { try await pool.query(Self.process) }
        #expect(error?.code == .connectionFailed && start.duration(to: Loop.now) < .seconds(30))
        #expect(pool.health.problem == "unreachable")
        await pool.close()
    }

    /// A standby, or a database that was made read-only.
    @Test @Loop func aReadOnlyServerIsNamed() async throws {
        var configuration = try LiveServer.configuration()
        configuration.options["options"] = "-c default_transaction_read_only=on"
        let pool = PostgresPool(configuration)
        var reported: [String?] = []
        pool.onHealth = { [unowned pool] _ in reported.append(pool.fault?.problem) }
        #expect(try await pool.query(PostgresStatement.read("SELECT 1")).count == 1)
        #expect(pool.fault?.problem == "readonly" && reported == ["readonly"])
        let error = await failure { try await pool.query(PostgresStatement("CREATE TABLE nowhere (n int)")) }
        #expect(error?.sqlState?.code == "25006" && error?.isRetriable == true)
        // Another session may be a writable one.
        #expect(pool.statistics.idle == 0)
        await pool.close()
    }

    @Test @Loop func aServerThatRefusesIsNamedForAWhile() async throws {
        try await withPool(PostgresPoolLimits()) { pool in
            var reports = 0
            pool.onHealth = { _ in reports += 1 }
            _ = try await pool.query(Self.process)
            #expect(pool.fault == nil && reports == 1)
            let refused = PostgresStatement("DO $$ BEGIN RAISE insufficient_privilege; END $$", reused: false)
            for _ in 0..<2 { _ = await failure { try await pool.query(refused) } }
            #expect(pool.fault?.problem == "authentication" && reports == 2 && pool.health.isAvailable)
        }
    }

    @Test @Loop func aRefusedPasswordIsNamed() async throws {
        var configuration = try LiveServer.configuration()
        configuration.password = "wrong"
        let pool = PostgresPool(configuration)
        pool.openFirst()
        try await eventually("it is named") { pool.health.problem == "authentication" }
        await pool.close()
        configuration.password = try LiveServer.configuration().password
        configuration.database = "nowhere"
        let lost = PostgresPool(configuration)
        lost.openFirst()
        try await eventually("it is named") { lost.health.problem == "database" }
        await lost.close()
    }

    @Test @Loop func healthReflectsTheServer() async throws {
        var limits = PostgresPoolLimits()
        limits.backoff = Backoff(base: .milliseconds(1), cap: .milliseconds(5))
        var configuration = try LiveServer.configuration()
        configuration.hosts[0].port = 1
        let pool = PostgresPool(configuration, limits: limits)
        var states: [Bool] = []
        pool.onHealth = { states.append($0.isAvailable) }
        pool.openFirst()
        try await eventually("the pool is unavailable") { states == [false] }
        let error = await failure { try await pool.withConnection(wait: .milliseconds(20)) { _ in } }
        #expect(error?.code == .connectionFailed)
        await pool.close()

        let good = PostgresPool(try LiveServer.configuration(), limits: limits)
        good.onHealth = { states.append($0.isAvailable) }
        good.openFirst()
        try await eventually("the pool is available") { states == [false, true] }
        await good.close()
    }

    /// Whoever looks at the health before asking for a session would never ask again.
    @Test @Loop func healthRecoversWithoutCallers() async throws {
        var limits = PostgresPoolLimits()
        limits.backoff = Backoff(base: .milliseconds(1), cap: .milliseconds(5))
        var attempts = 0
        let server = try await Listener(Endpoint(host: "127.0.0.1", port: 0)) {
            attempts += 1
            $0.close()
        }
        var configuration = try LiveServer.configuration()
        configuration.hosts[0].port = server.port
        let pool = PostgresPool(configuration, limits: limits)
        pool.openFirst()
        try await eventually("it goes on trying") { attempts > 5 }
        await pool.close()
        server.close()
    }

    @Test @Loop func pingsIdleSessionsAndClosesTheSurplus() async throws {
        var limits = PostgresPoolLimits()
        limits.size = 4
        limits.idle = 1
        limits.idleCheck = .milliseconds(20)
        try await withPool(limits) { pool in
            var wereAllLeased = false
            let tasks = (0..<4).map { _ in
                Task { @Loop in
                    try await pool.withConnection { _ in
                        try await eventually("all sessions are leased") {
                            if pool.statistics.leased == 4 { wereAllLeased = true }
                            return wereAllLeased
                        }
                    }
                }
            }
            for task in tasks { try await task.value }
            try await eventually("the surplus is closed") { pool.statistics.idle == 1 }
        }
    }

    @Test @Loop func closingWaitsForLentSessions() async throws {
        let pool = PostgresPool(try LiveServer.configuration())
        var isLent = false
        let user = Loop.task {
            try await pool.withConnection { connection in
                isLent = true
                try await eventually("the pool begins to close") { pool.isClosing }
                return try await connection.query(Self.process).count
            }
        }
        try await eventually("the session is leased") { isLent }
        await pool.close(within: .seconds(30))
        #expect(pool.statistics == PostgresPoolStatistics(idle: 0, leased: 0, opening: 0, waiting: 0))
        #expect(try await user.value == 1)
        let error = await failure { try await pool.query(Self.process) }
        #expect(error?.code == .closed)
    }
}
