import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
    private func key(_ sql: String, _ types: [TypeID] = [], reused: Bool = true) -> StatementCache.Key {
        StatementCache.Key(statement: Statement(sql, reused: reused), types: types)
    }

    @Test func whatIsPreparedIsUsedAgain() {
        var cache = StatementCache()
        #expect(cache.plan(key("a"), unit: 1) == .prepare("s1"))
        cache.settle(key("a"), isPrepared: true)
        #expect(cache.plan(key("a"), unit: 2) == .prepared("s1"))
        #expect(cache.plan(key("b"), unit: 2) == .prepare("s2"))
        #expect(cache.plan(key("a", [.int8]), unit: 2) == .prepare("s3"))
        #expect(cache.plan(key("c", reused: false), unit: 2) == .unnamed)
    }

    @Test func untilItIsPreparedOnlyItsOwnUnitBuildsOnIt() {
        var cache = StatementCache()
        _ = cache.plan(key("a"), unit: 1)
        #expect(cache.plan(key("a"), unit: 1) == .prepared("s1"))
        #expect(cache.plan(key("a"), unit: 2) == .unnamed)
        cache.settle(key("a"), isPrepared: false)
        #expect(cache.plan(key("a"), unit: 3) == .prepare("s2"))
    }

    @Test func whatTheServerForgotIsPreparedAnew() {
        var cache = StatementCache()
        _ = cache.plan(key("a"), unit: 1)
        cache.settle(key("a"), isPrepared: true)
        cache.forget(key("a"))
        #expect(cache.plan(key("a"), unit: 2) == .prepare("s2"))
    }

    @Test func itIsBounded() {
        var cache = StatementCache(limit: 1)
        _ = cache.plan(key("a"), unit: 1)
        #expect(cache.plan(key("b"), unit: 1) == .unnamed)
    }
}
