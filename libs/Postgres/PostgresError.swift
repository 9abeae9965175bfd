/// The one error of this library.
///
/// `description` holds nothing that came out of the data: codes, SQLSTATE, names of schema objects and our own words.
/// What the server said (which may quote values) is in ``report``, for logs at debug level only.
package struct PostgresError: Error, Sendable {
    package enum Code: String, Sendable {
        /// A connection string, TLS file or option that cannot be used. Fix the configuration.
        case invalidConfiguration
        /// No session could be opened: name not resolved, refused, TLS, authentication.
        case connectionFailed
        /// The session broke with work in flight; see ``PostgresError/mayHaveCommitted``.
        case connectionLost
        /// A deadline passed. The session is closed with it, so that a late answer meets nobody.
        case timedOut
        /// The connection or the pool was closed by this process.
        case closed
        /// Too many statements wait on one connection.
        case overloaded
        /// No connection became free in time, or too many callers wait for one.
        case poolExhausted
        /// The server refused a statement; see ``PostgresError/sqlState``.
        case server
        /// A value that the protocol cannot carry, such as NUL inside text.
        case invalidParameter
        /// A column is missing, NULL, or of another type than the one asked for.
        case decoding
        /// The set of migrations does not fit the database.
        case migration
        /// Another process holds the migration lock for longer than the deadline.
        case migrationLocked
    }

    package let code: Code
    /// Our own words; safe to log.
    package let message: String
    /// What the server reported, where it did.
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
        case .connectionFailed: sqlState.map { $0.isTransient } ?? true
        case .server: sqlState?.isTransient ?? false
        case .invalidConfiguration, .closed, .invalidParameter, .decoding, .migration: false
        }
    }

    /// True when the transaction lost against another one and can be run again at once.
    package var isSerializationConflict: Bool { sqlState?.isSerializationConflict ?? false }

    /// True when the server may have carried the statement out although no answer came.
    package var mayHaveCommitted: Bool { code == .connectionLost || code == .timedOut }
}

extension PostgresError: CustomStringConvertible {
    package var description: String {
        var text = "postgres.\(code.rawValue): \(message)"
        guard let report else { return text }
        text += " [\(report.sqlState)]"
        if let constraint = report.constraint { text += " constraint \(constraint)" }
        if let table = report.table { text += " table \(table)" }
        return text
    }
}
