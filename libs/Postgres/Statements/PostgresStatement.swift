/// An SQL statement with `$1`-style parameters, to be created once (`static let`).
///
/// Each connection prepares it at its first use and caches it. One statement only: several separated by
/// semicolons are a script (``PostgresConnection/script(_:within:)``).
package struct PostgresStatement: Sendable {
    package let sql: String
    /// False for SQL that is used once: it is parsed anew each time and not prepared on the server.
    let isReused: Bool
    private let hash: Int

    package init(_ sql: String, reused: Bool = true) {
        self.sql = sql
        isReused = reused
        hash = sql.hashValue
    }
}

extension PostgresStatement: Hashable {
    package static func == (left: PostgresStatement, right: PostgresStatement) -> Bool {
        left.hash == right.hash && left.sql == right.sql
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
