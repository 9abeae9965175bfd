/// The error type of this library.
///
/// `description` contains no data: only codes, SQLSTATE, names of schema objects and this library's text. The
/// server's text (which may quote values) is in ``report``, for logs at debug level only.
package struct PostgresError: Error, Sendable {
    package enum Code: String, Sendable {
        /// An invalid connection string, TLS file or option. Fix the configuration.
        case invalidConfiguration = "invalid configuration"
        /// No session could be opened: name not resolved, refused, TLS, authentication.
        case connectionFailed = "connection failed"
        /// The session broke with requests in flight; see ``PostgresError/mayHaveCommitted``.
        case connectionLost = "connection lost"
        /// A deadline passed; a late answer is discarded.
        case timedOut = "timed out"
        /// The connection or the pool was closed by this process.
        case closed
        /// The waiting task was cancelled; its statement was not.
        case cancelled
        /// Too many requests are pending on one connection.
        case overloaded
        /// No connection became available in time, or too many callers wait for one.
        case poolExhausted = "pool exhausted"
        /// The server refused a statement; see ``PostgresError/sqlState``.
        case server
        /// A value that the protocol cannot carry, such as NUL inside text.
        case invalidParameter = "invalid parameter"
        /// A column is missing, NULL, or of another type than the one asked for.
        case decoding
        /// The set of migrations does not fit the database.
        case migration
        /// Another process holds the migration lock for longer than the deadline.
        case migrationLocked = "migration locked"
    }

    package let code: Code
    /// This library's text; safe to log.
    package let message: String
    /// The server's report, if any.
    package let report: PostgresDiagnostics?
    package let file: String
    package let line: Int

    package init(
        _ code: Code, _ message: String, report: PostgresDiagnostics? = nil, file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.report = report
        self.file = file
        self.line = line
    }

    /// A statement that the server refused.
    init(report: PostgresDiagnostics, file: String = #fileID, line: Int = #line) {
        self.init(.server, "the server refused the statement", report: report, file: file, line: line)
    }

    package var sqlState: PostgresSQLState? { report?.sqlState }

    /// True when the same work may succeed later, perhaps on another connection.
    package var isRetriable: Bool {
        switch code {
        case .connectionLost, .timedOut, .poolExhausted, .overloaded, .migrationLocked: true
        // Credentials and certificates may be corrected.
        case .connectionFailed: true
        case .server: sqlState?.isTransient ?? false
        case .invalidConfiguration, .closed, .cancelled, .invalidParameter, .decoding, .migration: false
        }
    }

    /// True when the transaction had a serialization conflict and can be retried at once.
    package var isSerializationConflict: Bool { sqlState?.isSerializationConflict ?? false }

    /// Whether the server's state or the role's permissions are the reason, and not the statement.
    var isRefusal: Bool { ["25006", "53100", "42501"].contains(sqlState?.code) }

    static let readOnly = PostgresError(
        .server, "the sessions are read-only",
        report: PostgresDiagnostics(severity: "ERROR", sqlState: PostgresSQLState("25006"), message: ""))

    var isOfLostSession: Bool { code == .connectionLost || sqlState == .adminShutdown }

    /// True when the server may have executed the statement although no answer arrived.
    package var mayHaveCommitted: Bool { [.connectionLost, .timedOut, .cancelled].contains(code) }
}

extension PostgresError {
    /// For readiness.
    package var problem: String {
        guard let state = sqlState?.code else {
            return code == .invalidConfiguration ? "configuration" : "unreachable"
        }
        if let report, report.message.contains("invalid response to SSL negotiation") { return "protocol" }
        if let report, ["SSL", "certificate"].contains(where: { report.message.contains($0) }) {
            return "tls"
        }
        switch state.prefix(2) {
        case "28": return "authentication"
        case "3D": return "database"
        default: break
        }
        switch state {
        case "25006": return "readonly"
        case "57P03": return "starting"
        case "53300": return "full"
        case "53100": return "disk"
        case "42501": return "authentication"
        default: return "unreachable"
        }
    }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        var text = "PostgreSQL \(code.rawValue): \(message)"
        guard let report else { return text }
        text += " [\(report.sqlState)]"
        if let constraint = report.constraint { text += " constraint \(constraint)" }
        if let table = report.table { text += " table \(table)" }
        return text
    }
}
