/// One migration of the schema. It is applied once and never changed afterwards.
package struct Migration: Hashable, Sendable {
    /// From 1, without gaps.
    package let version: Int
    /// From the file's name: `order_events` of `0002_order_events.sql`.
    package let name: String
    /// Statements that run in one transaction, unless it says otherwise.
    package let sql: String
    /// Whether services that end before this migration run with it: then they may be rolled back, and restarted during an
    /// upgrade.
    package let isCompatible: Bool
    /// False for `CREATE INDEX CONCURRENTLY` and the like: statements are separated by empty lines, and may run again.
    package let isTransactional: Bool
}

extension Migration {
    /// All migrations, ascending. A new file in `Migrations` is listed here; a test compares both.
    ///
    /// Sessions opened before a migration do not see the database settings that it changes.
    package static let all: [Migration] = [
        Migration(1, "orders", PackageResources._001_orders_sql),
        Migration(2, "order_events", PackageResources._002_order_events_sql),
        Migration(3, "reader", PackageResources._003_reader_sql),
        Migration(4, "catalogue", PackageResources._004_catalogue_sql),
        Migration(5, "deletions", PackageResources._005_deletions_sql),
        Migration(6, "read_models", PackageResources._006_read_models_sql),
        Migration(7, "operator", PackageResources._007_operator_sql),
        Migration(8, "decisions", PackageResources._008_decisions_sql),
        Migration(9, "event_partitions", PackageResources._009_event_partitions_sql),
        Migration(10, "lookups", PackageResources._010_lookups_sql, isCompatible: true),
        Migration(11, "status_lookups", PackageResources._011_status_lookups_sql, isCompatible: true),
        Migration(12, "repetitions", PackageResources._012_repetitions_sql, isCompatible: true),
        Migration(13, "operator_queries", PackageResources._013_operator_queries_sql, isCompatible: true),
    ]

    private init(
        _ version: Int, _ name: String, _ file: [UInt8], isCompatible: Bool = false,
        isTransactional: Bool = true
    ) {
        self.init(
            version: version, name: name, sql: String(decoding: file, as: UTF8.self),
            isCompatible: isCompatible,
            isTransactional: isTransactional)
    }
}
