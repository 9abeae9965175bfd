package import EventLoop

/// Migrates a database's schema to what the code expects; forward only.
///
/// Any number of processes may start at once: an advisory lock lets one of them migrate while the others wait
/// and then find nothing left to do. Each migration commits together with its row in `schema_migrations`.
@Loop
package struct PostgresMigrator {
    private let plan: MigrationPlan

    /// - Throws: `.migration` when the versions are not 1, 2, 3, …
    package init(_ migrations: [PostgresMigration]) throws(PostgresError) {
        plan = try MigrationPlan(migrations)
    }

    /// Applies pending migrations, on a session of its own.
    /// - Parameter limit: for everything, including the wait for the lock.
    /// - Returns: the migrations applied now.
    /// - Throws: `.migrationLocked` when another process holds the lock for longer, `.migration` when code
    ///   and database do not fit, `.server` when a migration's SQL fails, which is then rolled back.
    @discardableResult
    package func migrate(
        _ configuration: PostgresConfiguration, within limit: Duration = .seconds(120)
    ) async throws -> [PostgresMigration] {
        let deadline = Loop.now + limit
        var configuration = configuration
        // A migration may take long; `limit` is the only deadline.
        configuration.statementTimeout = nil
        let connection = try await PostgresConnection.connect(configuration)
        // Ending the session releases the lock.
        defer { connection.close() }
        try await lock(connection, until: deadline)
        try await connection.script(Self.createTable, within: remaining(deadline))
        let pending = try plan.pending(await applied(on: connection))
        for migration in pending { try await apply(migration, on: connection, until: deadline) }
        return pending
    }

    /// Every migration of the code or the database; changes nothing and takes no lock.
    package func status(on connection: PostgresConnection) async throws(PostgresError)
        -> [PostgresMigrationStatus]
    {
        let exists = try await connection.query(Self.tableExists).one().bool(0)
        return plan.status(exists ? try await applied(on: connection) : [])
    }

    private func apply(
        _ migration: PostgresMigration, on connection: PostgresConnection, until deadline: Instant
    )
        async throws
    {
        let start = Instant.systemNow()
        try await connection.transaction { connection in
            try await connection.script(migration.sql, within: remaining(deadline))
            guard connection.isInGoodTransaction else {
                throw PostgresError(.migration, "migration \(migration.version) ends its own transaction")
            }
            let milliseconds = start.duration(to: .systemNow()).nanoseconds / 1_000_000
            try await connection.query(
                Self.insert, migration.version, migration.name, migration.checksum, milliseconds)
        }
    }

    private func lock(_ connection: PostgresConnection, until deadline: Instant) async throws(PostgresError) {
        let limit = remaining(deadline)
        let milliseconds = max(1, limit.nanoseconds / 1_000_000)
        do {
            try await connection.pipeline(within: limit + .seconds(1)) {
                $0.add(Self.setLockTimeout, "\(milliseconds)")
                $0.add(Self.takeLock, Self.lockClass)
            }
        } catch {
            guard error.sqlState == .lockNotAvailable || error.code == .timedOut else { throw error }
            throw PostgresError(.migrationLocked, "another process is still migrating", report: error.report)
        }
        try await connection.query(Self.setLockTimeout, "0")
    }

    private func applied(on connection: PostgresConnection) async throws(PostgresError)
        -> [PostgresAppliedMigration]
    {
        let rows = try await connection.query(Self.list)
        var result: [PostgresAppliedMigration] = []
        for row in rows {
            result.append(
                PostgresAppliedMigration(
                    version: try row.decode(0), name: try row.string(1), checksum: try row.string(2),
                    appliedAt: try row.timestamp(3), duration: .milliseconds(try row.int64(4))))
        }
        return result
    }

    private func remaining(_ deadline: Instant) -> Duration {
        max(.milliseconds(1), Loop.now.duration(to: deadline))
    }

    /// An advisory lock has two numbers: this one, and the schema's hash.
    private static let lockClass: Int32 = 0x5761_7962
    private static let takeLock = PostgresStatement(
        "SELECT pg_advisory_lock($1, hashtext(current_schema()))", reused: false)
    private static let setLockTimeout = PostgresStatement(
        "SELECT set_config('lock_timeout', $1, false)", reused: false)
    private static let tableExists = PostgresStatement(
        "SELECT to_regclass('schema_migrations') IS NOT NULL", reused: false)
    private static let list = PostgresStatement(
        "SELECT version, name, checksum, applied_at, duration_ms FROM schema_migrations ORDER BY version",
        reused: false)
    private static let insert = PostgresStatement(
        "INSERT INTO schema_migrations (version, name, checksum, duration_ms) VALUES ($1, $2, $3, $4)")
    private static let createTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version int8 PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            duration_ms int8 NOT NULL
        )
        """
}
