/// One migration of a schema. Once applied anywhere it never changes: a later migration corrects it.
package struct PostgresMigration: Sendable, Equatable {
    /// 1, 2, 3, … without gaps.
    package let version: Int
    package let name: String
    /// Any number of statements; they run in one transaction, so none may begin or end one.
    package let sql: String
    /// FNV-1a (64 bits, hexadecimal) of the SQL's bytes: it detects edits, not attacks.
    package let checksum: String

    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
        let hash = sql.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        checksum = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

/// A row of `schema_migrations`.
package struct PostgresAppliedMigration: Sendable, Equatable {
    package let version: Int
    package let name: String
    package let checksum: String
    package let appliedAt: PostgresTimestamp
    package let duration: Duration
}

/// A migration's state in the code and the database.
package struct PostgresMigrationStatus: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case applied(PostgresAppliedMigration)
        case pending
        /// Applied, but with other SQL than the code's.
        case changed(PostgresAppliedMigration)
        /// Applied by newer code than this.
        case unknown(PostgresAppliedMigration)
    }

    package let version: Int
    package let name: String
    package let state: State
}
