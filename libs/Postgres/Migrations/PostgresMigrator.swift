package import EventLoop

/// Migrates a database's schema to what the code expects; forward only.
///
/// Any number of processes may start at once: an advisory lock lets one of them migrate while the others wait
/// and then find nothing left to do. Each migration commits together with its row in `schema_migrations`; one outside of a
/// transaction before it.
@Loop
package struct PostgresMigrator {
    private let plan: MigrationPlan
    private let tableLockLimit: Duration

    /// - Parameter tableLockLimit: how long a migration waits for a table that others use, while everybody else waits
    ///   behind it.
    /// - Throws: `.migration` when the versions are not 1, 2, 3, …
    package init(
        _ migrations: [PostgresMigration], tableLockLimit: Duration = .seconds(10)
    ) throws(PostgresError) {
        plan = try MigrationPlan(migrations)
        self.tableLockLimit = tableLockLimit
    }

    /// How long a single migration may run.
    package static let migrationLimit = Duration.seconds(12 * 3600)

    /// Applies pending migrations, on a session of its own.
    /// - Parameters:
    ///   - limit: for the wait for another process that migrates.
    ///   - onStart: called before each migration, which may take long.
    /// - Returns: the migrations applied now.
    /// - Throws: `.migrationLocked` when another process holds the lock for longer, `.migration` when code
    ///   and database do not fit, `.server` when a migration's SQL fails, which is then rolled back.
    @discardableResult
    package func migrate(
        _ configuration: PostgresConfiguration, within limit: Duration = .seconds(120),
        onStart: @Loop (PostgresMigration) -> Void = { _ in }
    ) async throws -> [PostgresMigration] {
        var configuration = configuration
        // A migration may take long.
        configuration.statementTimeout = nil
        let connection = try await PostgresConnection.connect(configuration)
        // Ending the session releases the lock.
        defer { connection.close() }
        try await lock(connection, until: Loop.now + limit)
        try await connection.script(Self.createTable)
        let pending = try plan.pending(await applied(on: connection))
        for migration in pending {
            onStart(migration)
            try await apply(migration, on: connection)
        }
        try await connection.query(
            Self.setCompatible, plan.known.map { Int64($0.version) }, plan.known.map(\.isCompatible))
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
        _ migration: PostgresMigration, on connection: PostgresConnection
    ) async throws {
        let start = Instant.systemNow()
        @Loop func record() async throws(PostgresError) {
            let milliseconds = start.duration(to: .systemNow()).nanoseconds / 1_000_000
            try await connection.query(
                Self.insert, migration.version, migration.name, migration.checksum, milliseconds,
                migration.isCompatible)
        }
        guard migration.isTransactional else {
            for statement in migration.statements {
                try await connection.script(statement, within: Self.migrationLimit)
            }
            return try await record()
        }
        let lockLimit = "SET LOCAL lock_timeout = \(tableLockLimit.nanoseconds / 1_000_000);"
        try await connection.transaction { connection in
            try await connection.script("\(lockLimit) \(migration.sql)", within: Self.migrationLimit)
            guard connection.isInGoodTransaction else {
                throw PostgresError(.migration, "migration \(migration.version) ends its own transaction")
            }
            try await record()
        }
    }

    /// Asks again and again: whoever waited in the server would hold a snapshot, for whose end
    /// `CREATE INDEX CONCURRENTLY` waits.
    private func lock(_ connection: PostgresConnection, until deadline: Instant) async throws {
        while try await !connection.query(Self.takeLock, Self.lockClass).one().bool(0) {
            let left = Loop.now.duration(to: deadline)
            guard left > .zero else {
                throw PostgresError(.migrationLocked, "another process is still migrating")
            }
            try await Loop.sleep(for: min(left, .milliseconds(Int64.random(in: 50...200))))
        }
    }

    private func applied(on connection: PostgresConnection) async throws(PostgresError)
        -> [PostgresAppliedMigration]
    {
        // Tables of before compatibility was recorded are read too.
        let rows = try await connection.query(Self.list)
        var result: [PostgresAppliedMigration] = []
        for row in rows {
            result.append(
                PostgresAppliedMigration(
                    version: try row.decode(0), name: try row.string(1), checksum: try row.string(2),
                    appliedAt: try row.timestamp(3), duration: .milliseconds(try row.int64(4)),
                    isCompatible: try row.bool(5)))
        }
        return result
    }

    /// An advisory lock has two numbers: this one, and the schema's hash.
    private static let lockClass: Int32 = 0x5761_7962
    private static let takeLock = PostgresStatement(
        "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))", reused: false)
    private static let tableExists = PostgresStatement(
        "SELECT to_regclass('schema_migrations') IS NOT NULL", reused: false)
    private static let list = PostgresStatement(
        """
        SELECT version, name, checksum, applied_at, duration_ms,
            coalesce((to_jsonb(schema_migrations) -> 'is_compatible')::boolean, false)
        FROM schema_migrations ORDER BY version
        """, reused: false)
    private static let setCompatible = PostgresStatement(
        """
        UPDATE schema_migrations SET is_compatible = known.is_compatible
        FROM unnest($1::int8[], $2::bool[]) AS known (version, is_compatible)
        WHERE schema_migrations.version = known.version
            AND schema_migrations.is_compatible <> known.is_compatible
        """, reused: false)
    private static let insert = PostgresStatement(
        """
        INSERT INTO schema_migrations (version, name, checksum, duration_ms, is_compatible)
        VALUES ($1, $2, $3, $4, $5)
        """)
    private static let createTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version int8 PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            duration_ms int8 NOT NULL
        );
        ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS is_compatible boolean NOT NULL DEFAULT false;
        """
}
