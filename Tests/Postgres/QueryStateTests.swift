import Testing

@testable import Postgres

@Suite struct QueryStateTests {
    private static let one = StatementCache.Key(statement: PostgresStatement("one"), types: [])
    private static let two = StatementCache.Key(statement: PostgresStatement("two"), types: [])

    private func report(_ code: String) -> PostgresDiagnostics {
        PostgresDiagnostics(severity: "ERROR", sqlState: PostgresSQLState(code), message: "")
    }

    @Test func theFirstFailureFailsTheRequest() {
        var state = QueryState([.execute(Self.one), .prepare(Self.two), .execute(Self.two)])
        #expect(state.receive(.failed(report("23505"))) == .none)
        #expect(state.receive(.ended) == .none)
        // A skipped statement was not prepared.
        #expect(state.receive(.skipped) == .settled(Self.two, isPrepared: false))
        #expect(state.receive(.ended) == .none)
        #expect(state.receive(.skipped) == .none)
        #expect(state.receive(.ended) == .none)
        #expect(state.failure?.sqlState == .uniqueViolation)
        #expect(state.failure?.message.contains("statement 1") == true)
    }

    @Test func aFailureAtTheSynchronizationPointCounts() {
        var state = QueryState([.execute(Self.one)])
        _ = state.receive(.ended)
        #expect(state.failure == nil)
        #expect(state.receive(.failed(report("23503"))) == .none)
        #expect(state.failure?.sqlState == .foreignKeyViolation)
    }

    @Test func forgetsAStatementThatTheServerDoesNotHave() {
        var state = QueryState([.execute(Self.one)])
        #expect(state.receive(.failed(report("26000"))) == .forget(Self.one))
    }

    @Test func replacesAStatementWithAStalePlan() {
        var state = QueryState([.execute(Self.one)])
        #expect(state.receive(.failed(report("0A000"))) == .replace(Self.one))
    }

    /// By another client of a pooler.
    @Test func aStatementThatWasPreparedBeforeIsPrepared() {
        var state = QueryState([.prepare(Self.one), .execute(Self.one)])
        #expect(state.receive(.failed(report("42P05"))) == .settled(Self.one, isPrepared: true))
        #expect(state.failure?.sqlState == .duplicateStatement)
    }
}
