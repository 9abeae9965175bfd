/// An error or notice from the server (PostgreSQL manual, "Error and Notice Message Fields").
///
/// Its texts may quote data, so its description omits them.
package final class PostgresDiagnostics: Sendable {
    package let severity: String
    package let sqlState: PostgresSQLState
    package let message: String
    package let detail: String?
    package let hint: String?
    package let context: String?
    package let table: String?
    package let column: String?
    package let constraint: String?
    /// Position in the statement, in characters from 1.
    package let position: Int?

    init(
        severity: String, sqlState: PostgresSQLState, message: String, detail: String? = nil,
        hint: String? = nil,
        context: String? = nil, table: String? = nil, column: String? = nil, constraint: String? = nil,
        position: Int? = nil
    ) {
        self.severity = severity
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
        self.table = table
        self.column = column
        self.constraint = constraint
        self.position = position
    }
}

extension PostgresDiagnostics: CustomStringConvertible {
    package var description: String { "\(severity) \(sqlState)" }
}

/// A five-character SQLSTATE (PostgreSQL manual, appendix A).
package struct PostgresSQLState: Hashable, Sendable, CustomStringConvertible {
    package let code: String

    package init(_ code: String) { self.code = code }

    package var description: String { code }

    package static let uniqueViolation = PostgresSQLState("23505")
    package static let foreignKeyViolation = PostgresSQLState("23503")
    package static let notNullViolation = PostgresSQLState("23502")
    package static let checkViolation = PostgresSQLState("23514")
    package static let serializationFailure = PostgresSQLState("40001")
    package static let deadlockDetected = PostgresSQLState("40P01")
    package static let inFailedTransaction = PostgresSQLState("25P02")
    package static let invalidStatementName = PostgresSQLState("26000")
    package static let duplicateStatement = PostgresSQLState("42P05")
    package static let featureNotSupported = PostgresSQLState("0A000")
    package static let undefinedTable = PostgresSQLState("42P01")
    package static let lockNotAvailable = PostgresSQLState("55P03")
    package static let queryCanceled = PostgresSQLState("57014")
    package static let adminShutdown = PostgresSQLState("57P01")

    package var isSerializationConflict: Bool { self == .serializationFailure || self == .deadlockDetected }

    /// The statement was not executed, and may be when it is prepared again: its plan does not fit any more, or the session
    /// that had it is another client's now.
    package var isOfPreparedStatement: Bool {
        self == .invalidStatementName || self == .duplicateStatement || self == .featureNotSupported
    }

    /// Temporary conditions: conflicts, shutdown and failover, lack of resources, lock and statement
    /// timeouts.
    package var isTransient: Bool {
        if isSerializationConflict || self == .lockNotAvailable || self == .queryCanceled { return true }
        if isOfPreparedStatement { return true }
        // 08 connection, 53 resources, 57P operator intervention, 25006 a primary turned replica.
        return code.hasPrefix("08") || code.hasPrefix("53") || code.hasPrefix("57P") || code == "25006"
    }
}
