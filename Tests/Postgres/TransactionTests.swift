import EventLoop
import Postgres
import TestSupport
import Testing

@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct TransactionTests {
    private struct Unwanted: Error {}
    private static let insert = PostgresStatement("INSERT INTO t VALUES ($1)")
    private static let count = PostgresStatement("SELECT count(*) FROM t")

    @Test @Loop func commitsOnReturnAndRollsBackOnThrow() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await connection.script("CREATE TABLE t (id int8 PRIMARY KEY)")
            let other = try await PostgresConnection.connect(configuration)
            defer { other.close() }
            try await connection.transaction { transaction in
                try await transaction.query(Self.insert, 1)
                let seen = try await other.query(Self.count).one().int64(0)
                #expect(seen == 0)
                try await transaction.query(Self.insert, 2)
            }
            #expect(try await other.query(Self.count).one().int64(0) == 2)
            await #expect(throws: Unwanted.self) {
                try await connection.transaction { transaction in
                    try await transaction.query(Self.insert, 3)
                    throw Unwanted()
                }
            }
            #expect(try await connection.query(Self.count).one().int64(0) == 2)
        }
    }

    @Test @Loop func aSwallowedFailureFailsTheCommit() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.script("CREATE TABLE t (id int8 PRIMARY KEY)")
            await #expect(throws: PostgresError.self) {
                try await connection.transaction { transaction in
                    try await transaction.query(Self.insert, 1)
                    _ = try? await transaction.query(Self.insert, 1)
                }
            }
            #expect(try await connection.query(Self.count).one().int64(0) == 0)
        }
    }

    @Test @Loop func anEmptyTransactionSendsNothing() async throws {
        try await LiveServer.withSchema { connection, _ in
            try await connection.transaction { _ in }
            await #expect(throws: Unwanted.self) {
                try await connection.transaction { _ in throw Unwanted() }
            }
            #expect(try await connection.query(PostgresStatement("SELECT 1")).one().int64(0) == 1)
        }
    }

    @Test @Loop func aLostSessionFailsItsTransaction() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await connection.script("CREATE TABLE t (id int8)")
            let other = try await PostgresConnection.connect(configuration)
            defer { other.close() }
            let victim = try await PostgresConnection.connect(configuration)
            let error = await #expect(throws: PostgresError.self) {
                try await victim.transaction { transaction in
                    try await transaction.query(Self.insert, 1)
                    try await other.query(
                        PostgresStatement("SELECT pg_terminate_backend($1::int4)"), victim.serverProcess)
                    try await transaction.query(Self.insert, 2)
                }
            }
            #expect(error?.isRetriable == true || error?.code == .closed)
            #expect(try await connection.query(Self.count).one().int64(0) == 0)
        }
    }
}
