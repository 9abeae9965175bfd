internal import CPostgreSQL

/// Owns one `PGresult` and frees it.
@safe struct PostgresResultHandle: ~Copyable, Sendable {
    enum Status {
        case command, tuples, pipelineSync, pipelineAborted, copy, failed
    }

    /// libpq never changes a result after returning it, and lets any thread read it (PostgreSQL manual,
    /// "Behavior in Threaded Programs").
    private nonisolated(unsafe) let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    deinit { unsafe PQclear(pointer) }

    var status: Status {
        switch unsafe PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .command
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .tuples
        case PGRES_PIPELINE_SYNC: .pipelineSync
        case PGRES_PIPELINE_ABORTED: .pipelineAborted
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: .copy
        default: .failed
        }
    }

    var rowCount: Int { Int(unsafe PQntuples(pointer)) }
    var columnCount: Int { Int(unsafe PQnfields(pointer)) }

    /// Rows that an INSERT, UPDATE, DELETE, MERGE, SELECT … processed; 0 for anything else.
    var affectedRows: Int {
        guard let text = unsafe PQcmdTuples(pointer) else { return 0 }
        return unsafe Int(String(cString: text)) ?? 0
    }

    var report: PostgresDiagnostics { unsafe PostgresDiagnostics(reading: pointer) }

    func name(ofColumn column: Int) -> String {
        guard let name = unsafe PQfname(pointer, Int32(column)) else { return "?" }
        return unsafe String(cString: name)
    }

    /// The first column of exactly that name.
    func column(named name: String) -> Int? {
        (0..<columnCount).first { self.name(ofColumn: $0) == name }
    }

    func type(ofColumn column: Int) -> PostgresTypeID {
        PostgresTypeID(rawValue: unsafe PQftype(pointer, Int32(column)))
    }

    func isNull(row: Int, column: Int) -> Bool { unsafe PQgetisnull(pointer, Int32(row), Int32(column)) != 0 }

    /// Nil when the column's type does not fit, or for an unexpected NULL. The caller checks the bounds.
    func decode<Value: PostgresDecodable>(row: Int, column: Int) -> Value? {
        if isNull(row: row, column: column) { return Value.null }
        let start = unsafe UnsafeRawPointer(PQgetvalue(pointer, Int32(row), Int32(column))!)
        let count = Int(unsafe PQgetlength(pointer, Int32(row), Int32(column)))
        let bytes = unsafe RawSpan(_unsafeStart: start, byteCount: count)
        return Value.decode(bytes, type: type(ofColumn: column))
    }
}

extension PostgresDiagnostics {
    /// Copies the fields of an error or notice result that libpq still owns.
    convenience init(reading result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            guard let text = unsafe PQresultErrorField(result, Int32(code.asciiValue!)) else { return nil }
            return unsafe String(cString: text)
        }
        let message = unsafe PQresultErrorMessage(result).map { unsafe String(cString: $0) }
        // An error without SQLSTATE is libpq's own: the connection broke.
        // The PG_DIAG_* macros are character literals, which do not import.
        self.init(
            severity: field("V") ?? field("S") ?? "ERROR",
            sqlState: PostgresSQLState(field("C") ?? "08000"),
            message: field("M") ?? message ?? "",
            detail: field("D"), hint: field("H"), context: field("W"), table: field("t"), column: field("c"),
            constraint: field("n"), position: field("P").flatMap { Int($0) })
    }
}
