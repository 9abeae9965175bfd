import Testing

@testable import Postgres

@Suite struct QueryStateTests {
    private static let one = StatementCache.Key(statement: PostgresStatement("one"), types: [])
    private static let two = StatementCache.Key(statement: PostgresStatement("two"), types: [])

    private func report(_ code: String) -> PostgresDiagnostics {
        PostgresDiagnostics(severity: "ERROR", sqlState: PostgresSQLState(code), message: "")
    }

    @Test func theFirstFailureFailsTheRequest() {
        var exchange = QueryState([.execute(Self.one), .prepare(Self.two), .execute(Self.two)])
        #expect(exchange.receive(.failed(report("23505"))) == .none)
        #expect(exchange.receive(.ended) == .none)
        // A skipped statement was not prepared.
        #expect(exchange.receive(.skipped) == .settled(Self.two, isPrepared: false))
        #expect(exchange.receive(.ended) == .none)
        #expect(exchange.receive(.skipped) == .none)
        #expect(exchange.receive(.ended) == .none)
        #expect(exchange.failure?.sqlState == .uniqueViolation)
        #expect(exchange.failure?.message.contains("statement 1") == true)
    }

    @Test func aFailureAtTheSynchronizationPointCounts() {
        var exchange = QueryState([.execute(Self.one)])
        _ = exchange.receive(.ended)
        #expect(exchange.failure == nil)
        #expect(exchange.receive(.failed(report("23503"))) == .none)
        #expect(exchange.failure?.sqlState == .foreignKeyViolation)
    }

    @Test(arguments: ["26000", "0A000"]) func forgetsAStatementWithAStalePlan(_ code: String) {
        var exchange = QueryState([.execute(Self.one)])
        #expect(exchange.receive(.failed(report(code))) == .forget(Self.one))
    }
}
