import EventLoop
import Observability
import OrderRecords
import Postgres
import Service

/// Migrates the schema, then opens the pool: a session opened earlier would miss a setting.
@Loop
final class RecordDatabase: Service {
    let pool: PostgresPool
    /// Set once the schema is current.
    let ready = AsyncSignal()
    private let configuration: PostgresConfiguration
    private let log: Logger?
    /// Why the last attempt to migrate failed.
    private var migrationError: PostgresError? { didSet { onChange() } }

    init(_ configuration: PostgresConfiguration, log: Logger?) {
        self.configuration = configuration
        self.log = log
        var limits = PostgresPoolLimits()
        // Two for batches, and one each for the relay, the marks, the intake table and the read models.
        limits.size = 6
        pool = PostgresPool(configuration, limits: limits)
    }

    /// Migrates, for as long as the server is unavailable; a schema that does not fit this code ends the process.
    func run() async throws {
        let migrator = try PostgresMigrator(OrderDatabase.migrations)
        var fatal: PostgresError?
        await Loop.retry(Backoff(base: .milliseconds(200), cap: .seconds(5))) { _ in
            do {
                let applied = try await migrator.migrate(configuration) { migration in
                    log?.info("schema.migrating", ["version": migration.version, "name": migration.name])
                }
                if let last = applied.last {
                    log?.info("schema.migrated", ["version": last.version, "migrations": applied.count])
                }
                return true
            } catch {
                let error = error as? PostgresError ?? PostgresError(.migration, "\(error)")
                guard error.isRetriable else {
                    fatal = error
                    return true
                }
                if error.code != migrationError?.code || error.sqlState != migrationError?.sqlState {
                    log?.warning("schema.migration_delayed", ["error": "\(error)"])
                }
                migrationError = error
                return false
            }
        }
        if let fatal { throw fatal }
        migrationError = nil
        try Task.checkCancellation()
        pool.openFirst()
        await moveOrderIDs()
        ready.set()
        onChange()
        try await Loop.sleepUntilCancelled()
    }

    /// Orders are recorded without it, so a failure is left to the next start.
    private func moveOrderIDs() async {
        do {
            if let next = try await OrderIDSequence.moveIfBehind(pool) {
                log?.warning("order_ids.sequence_moved", ["next": next])
            }
        } catch {
            log?.warning("order_ids.sequence_unchecked", ["error": "\(error)"])
        }
    }

    func drain(until deadline: Instant) async { await pool.drain(until: deadline) }

    /// Whether the schema is current and the server available.
    var isUp: Bool { problem == nil }

    /// Why orders cannot be recorded.
    var problem: ServerProblem? {
        if let fault = ready.isSet ? pool.fault : migrationError {
            return ServerProblem(fault.problem, error: "\(fault)")
        }
        return ready.isSet ? nil : ServerProblem("schema", error: nil, isExpected: true)
    }

    /// Called when ``problem`` may have changed.
    var onChange: @Loop () -> Void = {} {
        didSet { pool.onHealth = { [onChange] _ in onChange() } }
    }
}
