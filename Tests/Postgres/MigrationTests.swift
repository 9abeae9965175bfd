import EventLoop
import TestSupport
import Testing

@testable import Postgres

@Suite struct MigrationPlanTests {
    private static let steps = (1...3).map {
        PostgresMigration(version: $0, name: "step \($0)", sql: "SELECT \($0)")
    }

    private func applied(_ migration: PostgresMigration, checksum: String? = nil) -> PostgresAppliedMigration
    {
        PostgresAppliedMigration(
            version: migration.version, name: migration.name, checksum: checksum ?? migration.checksum,
            appliedAt: PostgresTimestamp(milliseconds: 0), duration: .zero)
    }

    @Test func pendingMigrationsAreInOrder() throws {
        let plan = try MigrationPlan(Self.steps.reversed())
        #expect(try plan.pending([]).map(\.version) == [1, 2, 3])
        #expect(try plan.pending([applied(Self.steps[0])]).map(\.version) == [2, 3])
        #expect(try plan.pending(Self.steps.map { applied($0) }).isEmpty)
    }

    @Test func refusesGapsAndDuplicates() {
        #expect(throws: PostgresError.self) { try MigrationPlan([Self.steps[0], Self.steps[2]]) }
        #expect(throws: PostgresError.self) { try MigrationPlan([Self.steps[0], Self.steps[0]]) }
        #expect(throws: PostgresError.self) { try MigrationPlan([Self.steps[1]]) }
    }

    @Test func refusesADatabaseThatDoesNotMatch() throws {
        let plan = try MigrationPlan(Array(Self.steps[..<2]))
        let changed = #expect(throws: PostgresError.self) {
            try plan.pending([applied(Self.steps[0], checksum: "0")])
        }
        #expect(changed?.message.contains("changed") == true)
        let newer = #expect(throws: PostgresError.self) { try plan.pending(Self.steps.map { applied($0) }) }
        #expect(newer?.message.contains("too old") == true)
        #expect(throws: PostgresError.self) { try plan.pending([applied(Self.steps[1])]) }
    }

    /// As of a release that is rolled back: it runs with migrations that only add.
    @Test func aNewerDatabaseIsBorneWhereItSaysSo() throws {
        let plan = try MigrationPlan(Array(Self.steps[..<2]))
        var rows = Self.steps.map { applied($0) }
        rows[2].isCompatible = true
        #expect(try plan.pending(rows).isEmpty)
        #expect(try plan.pending(Array(rows[..<1]) + [rows[2]]).map(\.version) == [2])
        rows.append(applied(PostgresMigration(version: 4, name: "breaks", sql: "")))
        #expect(throws: PostgresError.self) { try plan.pending(rows) }
    }

    @Test func statementsAreSeparatedByEmptyLines() {
        let migration = PostgresMigration(
            version: 1, name: "", sql: "-- why\nSELECT 1,\n2;\n\n \nSELECT 3;\n", isTransactional: false)
        #expect(migration.statements == ["-- why\nSELECT 1,\n2;", "SELECT 3;"])
    }

    @Test func theChecksumIsFNV1a() {
        // Published test vectors: http://www.isthe.com/chongo/src/fnv/test_fnv.c
        #expect(PostgresMigration(version: 1, name: "", sql: "").checksum == "cbf29ce484222325")
        #expect(PostgresMigration(version: 1, name: "", sql: "foobar").checksum == "85944171f73967e8")
    }
}

@Suite(.enabled(if: LiveServer.isPresent), .timeLimit(.minutes(1)))
struct MigratorTests {
    private static let steps = [
        PostgresMigration(
            version: 1, name: "table", sql: "CREATE TABLE t (id int8); -- one\nCREATE INDEX ON t (id);"),
        PostgresMigration(version: 2, name: "rows", sql: "INSERT INTO t SELECT generate_series(1, 5);"),
    ]

    @Test @Loop func appliesPendingMigrationsOnce() async throws {
        try await LiveServer.withSchema { connection, configuration in
            let first = try PostgresMigrator(Array(Self.steps[..<1]))
            let all = try PostgresMigrator(Self.steps)
            #expect(try await all.status(on: connection).allSatisfy { $0.state == .pending })
            #expect(try await first.migrate(configuration).map(\.version) == [1])
            #expect(try await all.migrate(configuration).map(\.version) == [2])
            #expect(try await all.migrate(configuration).isEmpty)
            let status = try await all.status(on: connection)
            #expect(status.map(\.name) == ["table", "rows"])
            let count = try await connection.query(PostgresStatement("SELECT count(*) FROM t")).one().int64(0)
            #expect(count == 5)
            let backwards = await failure { try await first.migrate(configuration) }
            #expect(backwards?.code == .migration)
        }
    }

    @Test @Loop func concurrentMigratorsApplyOnce() async throws {
        try await LiveServer.withSchema { _, configuration in
            let migrator = try PostgresMigrator(Self.steps)
            let tasks = (0..<6).map { _ in Task { @Loop in try await migrator.migrate(configuration).count } }
            var counts: [Int] = []
            for task in tasks { counts.append(try await task.value) }
            #expect(counts.sorted() == [0, 0, 0, 0, 0, 2])
        }
    }

    /// PostgreSQL refuses that within a transaction, and it waits for whoever has a snapshot.
    @Test @Loop func anIndexIsCreatedConcurrently() async throws {
        try await LiveServer.withDatabase { connection, configuration in
            let sql = """
                -- What a failed attempt has left.
                DROP INDEX CONCURRENTLY IF EXISTS t_id;

                CREATE INDEX CONCURRENTLY t_id ON t (id);
                """
            let steps =
                [Self.steps[0]]
                + [
                    PostgresMigration(
                        version: 2, name: "index", sql: sql, isCompatible: true, isTransactional: false)
                ]
            let migrator = try PostgresMigrator(steps)
            let tasks = (0..<4).map { _ in Task { @Loop in try await migrator.migrate(configuration).count } }
            var counts: [Int] = []
            for task in tasks { counts.append(try await task.value) }
            #expect(counts.sorted() == [0, 0, 0, 2])
            let valid = PostgresStatement(
                "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_id'::regclass", reused: false)
            #expect(try await connection.query(valid).one().bool(0))
            // The code of before runs with it.
            #expect(try await PostgresMigrator([Self.steps[0]]).migrate(configuration).isEmpty)
        }
    }

    /// Each says so in the code, which may have learned it after it was applied.
    @Test @Loop func compatibilityIsRecorded() async throws {
        try await LiveServer.withSchema { connection, configuration in
            // A table of before.
            try await connection.script(
                """
                CREATE TABLE schema_migrations (version int8 PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(), duration_ms int8 NOT NULL);
                """)
            let first = try PostgresMigrator([Self.steps[0]])
            #expect(try await first.status(on: connection).map(\.state) == [.pending])
            try await PostgresMigrator(Self.steps).migrate(configuration)
            let refused = await failure { try await first.migrate(configuration) }
            #expect(refused?.message.contains("too old") == true)
            let second = Self.steps[1]
            let compatible = PostgresMigration(
                version: 2, name: second.name, sql: second.sql, isCompatible: true)
            try await PostgresMigrator([Self.steps[0], compatible]).migrate(configuration)
            #expect(try await first.migrate(configuration).isEmpty)
        }
    }

    /// Everybody who uses the table would wait behind it.
    @Test @Loop func aMigrationDoesNotWaitLongForATable() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await PostgresMigrator([Self.steps[0]]).migrate(configuration)
            try await connection.script("BEGIN; SELECT * FROM t;")
            let altering = PostgresMigration(
                version: 2, name: "column", sql: "ALTER TABLE t ADD COLUMN n int8;")
            let migrator = try PostgresMigrator(
                [Self.steps[0], altering], tableLockLimit: .milliseconds(50))
            var started: [Int] = []
            let error = await failure {
                try await migrator.migrate(configuration) { started.append($0.version) }
            }
            #expect(error?.sqlState == .lockNotAvailable && error?.isRetriable == true && started == [2])
            try await connection.script("COMMIT")
            #expect(try await migrator.migrate(configuration).map(\.version) == [2])
        }
    }

    @Test @Loop func aMigratorTimesOutWaitingForTheLock() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await connection.query(
                PostgresStatement("SELECT pg_advisory_lock($1, hashtext(current_schema()))"),
                Int32(0x5761_7962))
            let migrator = try PostgresMigrator(Self.steps)
            let error = await failure {
                try await migrator.migrate(configuration, within: .milliseconds(100))
            }
            #expect(error?.code == .migrationLocked)
            #expect(error?.isRetriable == true)
        }
    }

    @Test @Loop func refusesChangedSQL() async throws {
        try await LiveServer.withSchema { connection, configuration in
            try await PostgresMigrator(Self.steps).migrate(configuration)
            var edited = Self.steps
            edited[0] = PostgresMigration(version: 1, name: "table", sql: "CREATE TABLE t (id int4)")
            let migrator = try PostgresMigrator(edited)
            let error = await failure { try await migrator.migrate(configuration) }
            #expect(error?.code == .migration)
            let status = try await migrator.status(on: connection)
            guard case .changed = status[0].state else { return #expect(Bool(false)) }
        }
    }

    @Test @Loop func rollsBackAFailedMigration() async throws {
        try await LiveServer.withSchema { connection, configuration in
            let broken = [
                Self.steps[0],
                PostgresMigration(version: 2, name: "broken", sql: "CREATE TABLE u (); SELECT 1/0;"),
            ]
            let error = await failure { try await PostgresMigrator(broken).migrate(configuration) }
            #expect(error?.sqlState == PostgresSQLState("22012"))
            let row = try await connection.query(PostgresStatement("SELECT to_regclass('u') IS NULL")).one()
            #expect(try row.bool(0))
            #expect(try await PostgresMigrator(Self.steps).migrate(configuration).map(\.version) == [2])
        }
    }

    @Test @Loop func refusesAMigrationThatEndsItsTransaction() async throws {
        try await LiveServer.withSchema { _, configuration in
            let committing = [
                PostgresMigration(version: 1, name: "committing", sql: "CREATE TABLE u (); COMMIT;")
            ]
            let error = await failure { try await PostgresMigrator(committing).migrate(configuration) }
            #expect(error?.code == .migration)
        }
    }
}
