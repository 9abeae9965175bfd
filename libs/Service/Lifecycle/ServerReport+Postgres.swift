internal import EventLoop
internal import Observability
package import Postgres

extension ServerReport {
    /// Of several pools of sessions with one server.
    package static func postgres(
        _ pools: KeyValuePairs<String, PostgresPool>, _ context: ServiceContext,
        isEssential: @escaping @Loop () -> Bool = { true }
    ) {
        let report = ServerReport("postgres", context, isEssential: isEssential) {
            pools.lazy.compactMap(\.value.fault).first.map { ServerProblem($0.problem, error: "\($0)") }
        }
        for (name, pool) in pools {
            pool.onHealth = { _ in report.update() }
            context.metrics.describe(pool, name)
        }
    }
}

extension Metrics {
    /// How far a pool of sessions is used.
    package func describe(_ pool: PostgresPool, _ name: String) {
        func gauge(_ state: String, _ read: @escaping @Loop (PostgresPoolStatistics) -> Int) {
            self.gauge(
                "waybill_postgres_sessions", "Sessions with PostgreSQL.",
                labels: ["pool": name, "state": state]
            ) { Double(read(pool.statistics)) }
        }
        gauge("in_use") { $0.leased }
        gauge("idle") { $0.idle }
        gauge("opening") { $0.opening }
        self.gauge(
            "waybill_postgres_waiting", "Callers that wait for a session with PostgreSQL.",
            labels: ["pool": name]
        ) { Double(pool.statistics.waiting) }
    }
}
