import EventLoop
import TestSupport
import Testing

@testable import Postgres

@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct PipelineTests {
    private static let insert = PostgresStatement("INSERT INTO t VALUES ($1)")
    private static let count = PostgresStatement("SELECT count(*) FROM t")

    @Test @Loop func aBatchIsOneTransactionInOneRoundTrip() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.script("CREATE TABLE t (id int8 PRIMARY KEY)")
            let answers = try await connection.pipeline {
                $0.add(Self.insert, 1)
                $0.add(Self.insert, 2)
                $0.add(Self.count)
            }
            #expect(answers[0].affected == 1)
            #expect(try answers[2].one().int64(0) == 2)
        }
    }

    @Test @Loop func aFailureRollsBackItsBatchAndNotTheNext() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.script("CREATE TABLE t (id int8 PRIMARY KEY)")
            let failing = Task { @Loop in
                try await connection.pipeline {
                    $0.add(Self.insert, 1)
                    $0.add(Self.insert, 1)
                    $0.add(Self.insert, 2)
                }
            }
            async let next = connection.query(Self.count)
            let error = await failure { _ = try await failing.value }
            #expect(error?.sqlState == .uniqueViolation)
            #expect(error?.message.contains("statement 2") == true)
            let rows = try await next
            #expect(try rows.one().int64(0) == 0)
        }
    }

    @Test @Loop func preparesAStatementAgainAfterAFailedPrepare() async throws {
        try await LiveServer.withSchema { connection, _ in
            let select = PostgresStatement("SELECT n FROM later")
            // Skipped behind a failure, then refused, then valid.
            await #expect(throws: PostgresError.self) {
                try await connection.pipeline {
                    $0.add(PostgresStatement("SELECT 1 / $1"), 0)
                    $0.add(select)
                }
            }
            let missing = await #expect(throws: PostgresError.self) { try await connection.query(select) }
            #expect(missing?.sqlState == .undefinedTable)
            try await connection.script("CREATE TABLE later (n int8)")
            #expect(try await connection.query(select).isEmpty)
        }
    }

    @Test @Loop func aStatementSurvivesAChangeOfItsTable() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.script("CREATE TABLE t (n int8)")
            let select = PostgresStatement("SELECT * FROM t")
            try await connection.query(select)
            try await connection.script("ALTER TABLE t ADD COLUMN more text")
            #expect(try await connection.query(select).columnNames == ["n", "more"])
            try await connection.script("DEALLOCATE ALL")
            #expect(try await connection.query(select).columnNames == ["n", "more"])
            // In a transaction the statements before it are lost as well.
            try await connection.script("ALTER TABLE t ADD COLUMN most text")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction { try await $0.query(select) }
            }
            #expect(error?.isRetriable == true)
            #expect(try await connection.transaction { try await $0.query(select) }.columnNames.count == 3)
        }
    }

    /// libpq would return its result for ever.
    @Test @Loop func aCopyEndsTheSession() async throws {
        try await LiveServer.withSchema { connection, _ in
            let error = await failure { try await connection.script("COPY (SELECT 1) TO STDOUT") }
            #expect(error?.code == .connectionLost && !connection.isOpen)
        }
    }

    /// As behind a pooler that lends the server's session to another client after each transaction.
    @Test @Loop func statementsOfOtherClientsAreShared() async throws {
        try await LiveServer.withSchema { connection, _ in
            let select = PostgresStatement("SELECT 'shared' || $1::text")
            let name = StatementCache.Key(statement: select, types: PostgresParameters("x").types).name
            // Another client has prepared it on this session,
            try await connection.script("PREPARE \(name) (text) AS SELECT 'shared' || $1::text")
            #expect(try await connection.query(select, "x").one().string(0) == "sharedx")
            // and this session does not have it.
            try await connection.script("DEALLOCATE ALL")
            #expect(try await connection.query(select, "y").one().string(0) == "sharedy")
        }
    }

    @Test @Loop func theSameSQLWithOtherTypesIsAnotherStatement() async throws {
        try await LiveServer.withSchema { connection, _ in
            let echo = PostgresStatement("SELECT $1")
            let number = try await connection.query(echo, Int64(5)).one()
            let boolean = try await connection.query(echo, true).one()
            let text = try await connection.query(echo, "text").one()
            let null = try await connection.query(echo, Int64?.none).one()
            #expect(try number.int64(0) == 5)
            #expect(try boolean.bool(0))
            #expect(try text.string(0) == "text")
            #expect(null.isNull(0))
        }
    }

    @Test @Loop func aDeferredConstraintFailsTheBatchAtItsCommit() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.script("CREATE TABLE t (id int8 UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.pipeline {
                    $0.add(Self.insert, 1)
                    $0.add(Self.insert, 1)
                }
            }
            #expect(error?.sqlState == .uniqueViolation)
            #expect(try await connection.query(Self.count).one().int64(0) == 0)
        }
    }

    @Test @Loop func refusesTooManyPendingRequests() async throws {
        try await LiveServer.withSchema { connection, _ in
            let tasks = (0..<(PostgresConnection.pendingLimit + 10)).map { _ in
                Task { @Loop in await failure { try await connection.query(PostgresStatement("SELECT 1")) } }
            }
            var refused = 0
            for task in tasks where await task.value?.code == .overloaded { refused += 1 }
            #expect(refused == 10)
        }
    }
}
