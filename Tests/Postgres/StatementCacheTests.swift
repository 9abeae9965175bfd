import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
    private func key(_ sql: String, _ types: [PostgresTypeID] = [], reused: Bool = true) -> StatementCache.Key
    {
        StatementCache.Key(statement: PostgresStatement(sql, reused: reused), types: types)
    }

    @Test func reusesPreparedStatements() {
        var cache = StatementCache()
        #expect(cache.plan(key("a"), request: 1) == .prepare(key("a").name))
        cache.settle(key("a"), isPrepared: true)
        #expect(cache.plan(key("a"), request: 2) == .prepared(key("a").name))
        #expect(cache.plan(key("b"), request: 2) == .prepare(key("b").name))
        #expect(cache.plan(key("a", [.int8]), request: 2) == .prepare(key("a", [.int8]).name))
        #expect(Set([key("a"), key("b"), key("a", [.int8])].map(\.name)).count == 3)
        #expect(cache.plan(key("c", reused: false), request: 2) == .unnamed)
    }

    @Test func onlyThePreparingRequestExecutesAnUnconfirmedStatement() {
        var cache = StatementCache()
        _ = cache.plan(key("a"), request: 1)
        #expect(cache.plan(key("a"), request: 1) == .prepared(key("a").name))
        #expect(cache.plan(key("a"), request: 2) == .unnamed)
        cache.settle(key("a"), isPrepared: false)
        #expect(cache.plan(key("a"), request: 3) == .prepare(key("a").name))
    }

    @Test func preparesADeallocatedStatementAgain() {
        var cache = StatementCache()
        _ = cache.plan(key("a"), request: 1)
        cache.settle(key("a"), isPrepared: true)
        cache.forget(key("a"))
        #expect(cache.plan(key("a"), request: 2) == .prepare(key("a").name))
        cache.settle(key("a"), isPrepared: true)
        // The old plan keeps the name.
        for number in 1...2 {
            cache.replace(key("a"))
            #expect(cache.plan(key("a"), request: 3) == .prepare("\(key("a").name)_\(number)"))
            cache.settle(key("a"), isPrepared: true)
        }
    }

    @Test func boundsItsSize() {
        var cache = StatementCache(limit: 1)
        _ = cache.plan(key("a"), request: 1)
        #expect(cache.plan(key("b"), request: 1) == .unnamed)
    }
}
