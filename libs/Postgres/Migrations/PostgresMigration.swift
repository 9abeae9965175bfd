/// One migration of a schema. Once applied anywhere it never changes: a later migration corrects it.
package struct PostgresMigration: Sendable, Equatable {
    /// 1, 2, 3, … without gaps.
    package let version: Int
    package let name: String
    /// Any number of statements; they run in one transaction, so none may begin or end one. See ``isTransactional``.
    package let sql: String
    /// Whether code that ends before this migration runs with it: it adds, and takes nothing away.
    package let isCompatible: Bool
    /// False for what PostgreSQL does outside of a transaction only, such as `CREATE INDEX CONCURRENTLY`. Its statements are
    /// separated by empty lines and run one after the other; after a failure all run again, so each must bear that.
    package let isTransactional: Bool
    /// FNV-1a (64 bits, hexadecimal) of the SQL's bytes: it detects edits, not attacks.
    package let checksum: String

    package init(
        version: Int, name: String, sql: String, isCompatible: Bool = false, isTransactional: Bool = true
    ) {
        self.version = version
        self.name = name
        self.sql = sql
        self.isCompatible = isCompatible
        self.isTransactional = isTransactional
        let hash = sql.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        checksum = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension PostgresMigration {
    /// Of a migration outside of a transaction.
    var statements: [String] {
        sql.split(separator: "\n", omittingEmptySubsequences: false)
            .split { $0.allSatisfy(\.isWhitespace) }
            .map { $0.joined(separator: "\n") }
    }
}

/// A row of `schema_migrations`.
package struct PostgresAppliedMigration: Sendable, Equatable {
    package let version: Int
    package let name: String
    package let checksum: String
    package let appliedAt: PostgresTimestamp
    package let duration: Duration
    /// Whether code that ends before this migration runs with it.
    package var isCompatible = false
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
