import EventLoop
import TestSupport
import Testing

@testable import Postgres

@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test @Loop func preparesAStatementOnce() async throws {
        try await LiveServer.withSchema { connection, _ in
            let add = PostgresStatement("SELECT $1 + 1 AS next, $2 || '!' AS text")
            for number: Int64 in 1...3 {
                let row = try await connection.query(add, number, "hey").one()
                #expect(try row.int64(0) == number + 1)
                #expect(try row["text"].string() == "hey!")
            }
            let count = try await connection.query(
                PostgresStatement(
                    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%AS next%'",
                    reused: false))
            #expect(try count.one().int64(0) == 1)
        }
    }

    @Test @Loop func pipelinesRequestsAndAnswersInOrder() async throws {
        try await LiveServer.withSchema { connection, _ in
            let statement = PostgresStatement("SELECT $1")
            let tasks = (0..<100).map { number in
                Task { @Loop in try await connection.query(statement, number).one().int64(0) }
            }
            for (number, task) in tasks.enumerated() {
                let answer = try await task.value
                #expect(answer == number)
            }
            #expect(connection.pendingRequests == 0)
        }
    }

    @Test @Loop func serverErrorsAreTypedWithoutValuesInTheirDescription() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.script("CREATE TABLE t (id int8 CONSTRAINT t_key PRIMARY KEY, name text)")
            let insert = PostgresStatement("INSERT INTO t VALUES ($1, $2)")
            try await connection.query(insert, 77_001, "a")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query(insert, 77_001, "b")
            }
            #expect(error?.code == .server)
            #expect(error?.sqlState == .uniqueViolation)
            #expect(error?.report?.constraint == "t_key")
            #expect(error?.report?.detail?.contains("77001") == true)
            #expect("\(error!)".contains("t_key"))
            #expect(!"\(error!)".contains("77001"))
            #expect(error?.isRetriable == false)
            #expect(try await connection.query(PostgresStatement("SELECT 1")).one().int64(0) == 1)
        }
    }

    private static let lock = PostgresStatement("SELECT pg_advisory_xact_lock($1)::text")

    /// Runs `body` while `connection` waits for a lock, which is free again when `body` calls its argument.
    @Loop private func whileLocked(
        _ connection: PostgresConnection, _ configuration: PostgresConfiguration, _ key: Int64,
        _ body: (_ unlock: () async throws -> Void) async throws -> Void
    ) async throws {
        let holder = try await PostgresConnection.connect(configuration)
        defer { holder.close() }
        try await holder.script("BEGIN; SELECT pg_advisory_xact_lock(\(key))")
        try await body { try await holder.script("COMMIT") }
    }

    @Test @Loop func aLateAnswerCostsItsRequestAlone() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await whileLocked(connection, configuration, 77_101) { unlock in
                let error = await failure {
                    try await connection.query(Self.lock, 77_101, within: .milliseconds(50))
                }
                #expect(error?.code == .timedOut && error?.mayHaveCommitted == true)
                #expect(connection.isOpen && connection.pendingRequests == 1 && !connection.isReusable)
                let behind = Loop.task { try await connection.query(PostgresStatement("SELECT 2")) }
                try await eventually("it is sent") { connection.pendingRequests == 2 }
                try await unlock()
                #expect(try await behind.value.one().int64(0) == 2)
                #expect(connection.isReusable)
            }
        }
    }

    @Test @Loop func aCancelledCallerIsResumedAndItsAnswerDropped() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await whileLocked(connection, configuration, 77_102) { unlock in
                let gone = Loop.task { try await connection.query(Self.lock, 77_102) }
                try await eventually("it is sent") { connection.pendingRequests == 1 }
                gone.cancel()
                let error = await failure { _ = try await gone.value }
                #expect(error?.code == .cancelled && error?.mayHaveCommitted == true)
                #expect(connection.isOpen && connection.pendingRequests == 1)
                try await unlock()
                #expect(try await connection.query(PostgresStatement("SELECT 3")).one().int64(0) == 3)
                #expect(connection.isReusable)
            }
        }
    }

    /// Also one in a transaction, which nobody will end.
    @Test @Loop func anAnswerThatDoesNotComeEndsTheSession() async throws {
        try await LiveServer.withSchema { connection, _ in
            let behind = Loop.task { try await connection.query(PostgresStatement("SELECT 1")) }
            let error = await failure {
                try await connection.query(
                    PostgresStatement("SELECT pg_sleep(20)"), within: .milliseconds(50))
            }
            #expect(error?.code == .timedOut && connection.isOpen)
            _ = await behind.result
            try await eventually("it ends") { !connection.isOpen }
            #expect(connection.closeError?.code == .timedOut)
            let after = await failure { try await connection.ping() }
            #expect(after?.code == .connectionLost)
        }
        try await LiveServer.withSchema { connection, _ in
            let error = await failure {
                try await connection.transaction { connection in
                    _ = try await connection.query(
                        PostgresStatement("SELECT pg_sleep(20)"), within: .milliseconds(50))
                }
            }
            #expect(error?.code == .timedOut && !connection.isOpen)
        }
    }

    @Test @Loop func anAnswerThatDoesNotComeCancelsTheStatementOnTheServer() async throws {
        try await LiveServer.withSchema { connection, configuration in
            let slow = try await PostgresConnection.connect(configuration)
            let process = slow.serverProcess
            let error = await failure {
                try await slow.query(PostgresStatement("SELECT pg_sleep(20)"), within: .milliseconds(50))
            }
            #expect(error?.code == .timedOut)
            let find = PostgresStatement("SELECT count(*) FROM pg_stat_activity WHERE pid = $1")
            try await eventually("the server's process ends") {
                try await connection.query(find, process).one().int64(0) == 0
            }
        }
    }

    @Test @Loop func aKilledSessionFailsItsRequestsWithTheReason() async throws {
        try await LiveServer.withSchema { connection, configuration in
            let other = try await PostgresConnection.connect(configuration)
            defer { other.close() }
            var closeError: PostgresError?
            connection.onClose = { closeError = $0 }
            let killed = Task { @Loop in try await connection.query(PostgresStatement("SELECT pg_sleep(20)"))
            }
            let running = PostgresStatement(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'")
            try await eventually("the query runs") {
                try await other.query(running, Int64(connection.serverProcess)).one().int64(0) == 1
            }
            try await other.query(
                PostgresStatement("SELECT pg_terminate_backend($1::int4)"), connection.serverProcess)
            let error = await failure { _ = try await killed.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.sqlState == .adminShutdown)
            #expect(error?.isRetriable == true && error?.mayHaveCommitted == true)
            #expect(!connection.isOpen)
            #expect(closeError?.code == .connectionLost)
        }
    }

    @Test @Loop func anIdleSessionDetectsItsTermination() async throws {
        try await LiveServer.withSchema { connection, configuration in
            let other = try await PostgresConnection.connect(configuration)
            defer { other.close() }
            try await other.query(
                PostgresStatement("SELECT pg_terminate_backend($1::int4)"), connection.serverProcess)
            try await eventually("the session ends") { !connection.isOpen }
        }
    }

    @Test @Loop func transfersLargeResultsAndParameters() async throws {
        try await LiveServer.withSchema { connection, _ in
            let rows = try await connection.query(
                PostgresStatement("SELECT n, repeat('x', 1000) FROM generate_series(1, $1) n"), Int64(20_000))
            #expect(rows.count == 20_000)
            #expect(try rows[19_999].int64(0) == 20_000)
            let text = String(repeating: "ä", count: 1_000_000)
            let answers = try await connection.pipeline {
                for _ in 0..<4 { $0.add(PostgresStatement("SELECT $1::text"), text) }
            }
            for answer in answers { #expect(try answer.one().string(0) == text) }
        }
    }

    @Test @Loop func reportsNotices() async throws {
        try await LiveServer.withSchema { connection, _ in
            var notices: [PostgresDiagnostics] = []
            connection.onNotice = { notices.append($0) }
            try await connection.script("DROP TABLE IF EXISTS nothing_of_the_kind")
            #expect(notices.map(\.severity) == ["NOTICE"])
        }
    }

    @Test @Loop func serializesScriptsAndPipelinedRequests() async throws {
        try await LiveServer.withSchema { connection, _ in
            let script = "CREATE TABLE t (n int8); INSERT INTO t VALUES (7); SELECT n FROM t"
            async let first = connection.query(PostgresStatement("SELECT 1"))
            async let middle: Void = connection.script(script)
            async let last = connection.query(PostgresStatement("SELECT 2"))
            let (one, _, two) = try await (first, middle, last)
            #expect(try one.one().int64(0) == 1)
            #expect(try two.one().int64(0) == 2)
            await #expect(throws: PostgresError.self) { try await connection.script("SELECT 1; SELECT x") }
            try await connection.ping()
        }
    }

    @Test @Loop func refusesTextWithNUL() async throws {
        try await LiveServer.withSchema { connection, _ in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query(PostgresStatement("SELECT $1::text"), "a\0b")
            }
            #expect(error?.code == .invalidParameter)
        }
    }

    @Test @Loop func connectFailsWithinItsTimeout() async throws {
        var configuration = PostgresConfiguration(
            host: "127.0.0.1", port: 1, user: "nobody", database: "nothing")
        configuration.connectTimeout = .seconds(2)
        let refused = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(configuration)
        }
        #expect(refused?.code == .connectionFailed)
        #expect(refused?.isRetriable == true)

        configuration = try LiveServer.configuration()
        configuration.password = "wrong-\(UInt64.random(in: 0...UInt64.max))"
        let denied = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(configuration)
        }
        #expect(denied?.code == .connectionFailed)
        #expect(!"\(denied!)".contains(configuration.user))
    }

    @Test @Loop func resolvesNamesOffTheLoop() async throws {
        var configuration = try LiveServer.configuration()
        configuration.hosts[0].name = "localhost"
        let connection = try await PostgresConnection.connect(configuration)
        try await connection.ping()
        connection.close()
        configuration.hosts[0].name = "no-such-host.invalid"
        await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(configuration) }
    }
}
