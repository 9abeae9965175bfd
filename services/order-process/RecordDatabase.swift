import EventLoop
import Observability
import OrderRecords
import Postgres

/// The schema brought up to date, and then the pool: sessions opened earlier would miss a setting.
@Loop
final class RecordDatabase {
    let pool: PostgresPool
    /// Open when the schema is up to date.
    let ready = AsyncSignal()
    private let configuration: PostgresConfiguration
    private let log: Logger?

    init(_ configuration: PostgresConfiguration, log: Logger?) {
        self.configuration = configuration
        self.log = log
        var limits = PostgresPoolLimits()
        // The batch under way, the relay, the marks of a quiet moment, and two for the read models.
        limits.size = 5
        pool = PostgresPool(configuration, limits: limits)
    }

    /// Waits for the server as long as it takes; a schema that does not fit this code is an end.
    func run() async throws {
        var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))
        let migrator = try PostgresMigrator(OrderDatabase.migrations)
        while !ready.isOpen {
            do {
                for migration in try await migrator.migrate(configuration) {
                    log?.info("schema.migrated", ["version": migration.version, "name": migration.name])
                }
                pool.start()
                ready.open()
            } catch let error as PostgresError where error.isRetriable {
                log?.warning("schema.migration_delayed", ["error": "\(error)"])
                try await Loop.sleep(for: backoff.next())
            }
        }
        try await Loop.sleepUntilCancelled()
    }

    /// Whether it can be worked with.
    var isUp: Bool {
        guard ready.isOpen else { return false }
        if case .unavailable = pool.health { return false }
        return true
    }
}
