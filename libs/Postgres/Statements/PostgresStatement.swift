/// An SQL statement with `$1`-style parameters, to be created once (`static let`).
///
/// Each connection prepares it at its first use and caches it. One statement only: several separated by
/// semicolons are a script (``PostgresConnection/script(_:within:)``).
package struct PostgresStatement: Sendable {
    package let sql: String
    /// False for SQL that is used once: it is parsed anew each time and not prepared on the server.
    let isReused: Bool
    /// Whether it changes nothing, so that it may be repeated when its session was lost.
    let isRead: Bool
    private let hash: Int

    package init(_ sql: String, reused: Bool = true) {
        self.init(sql, reused: reused, isRead: false)
    }

    /// A statement that changes nothing.
    package static func read(_ sql: String) -> PostgresStatement {
        PostgresStatement(sql, reused: true, isRead: true)
    }

    private init(_ sql: String, reused: Bool, isRead: Bool) {
        self.sql = sql
        isReused = reused
        self.isRead = isRead
        hash = sql.hashValue
    }
}

extension PostgresStatement: Hashable {
    package static func == (left: PostgresStatement, right: PostgresStatement) -> Bool {
        left.hash == right.hash && left.sql == right.sql
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
