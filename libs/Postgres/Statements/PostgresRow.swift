/// One row of a result. Columns are numbered from 0 or named.
package struct PostgresRow: Sendable {
    let rows: PostgresRows
    let index: Int

    /// The column as the requested type; an Optional when NULL is allowed.
    package func decode<Value: PostgresDecodable>(
        _ column: Int, as type: Value.Type = Value.self, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> Value {
        try rows.decode(Value.self, row: index, column: column, file: file, line: line)
    }

    /// The first columns in order: `let (id, name) = try row.decode(Int64.self, String?.self)`.
    package func decode<each Value: PostgresDecodable>(
        _ type: repeat (each Value).Type, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> (repeat each Value) {
        var column = -1
        func next<Next: PostgresDecodable>(_ type: Next.Type) throws(PostgresError) -> Next {
            column += 1
            return try decode(column, as: type, file: file, line: line)
        }
        return (repeat try next((each Value).self))
    }

    package func isNull(_ column: Int) -> Bool { rows.isNull(row: index, column: column) }

    package func int64(_ column: Int) throws(PostgresError) -> Int64 { try decode(column) }
    package func int32(_ column: Int) throws(PostgresError) -> Int32 { try decode(column) }
    package func bool(_ column: Int) throws(PostgresError) -> Bool { try decode(column) }
    package func string(_ column: Int) throws(PostgresError) -> String { try decode(column) }
    package func uuid(_ column: Int) throws(PostgresError) -> PostgresUUID { try decode(column) }
    package func timestamp(_ column: Int) throws(PostgresError) -> PostgresTimestamp { try decode(column) }
    package func numeric(_ column: Int) throws(PostgresError) -> PostgresNumeric { try decode(column) }

    /// The column of that name; reading it throws when there is none.
    package subscript(name: String) -> PostgresCell { PostgresCell(row: self, name: name) }
}

/// A column of a row, by name.
package struct PostgresCell: Sendable {
    let row: PostgresRow
    let name: String

    package func decode<Value: PostgresDecodable>(
        as type: Value.Type = Value.self, file: String = #fileID, line: Int = #line
    ) throws(PostgresError) -> Value {
        guard let column = row.rows.column(named: name) else {
            throw PostgresError(.decoding, "no column \"\(name)\"", file: file, line: line)
        }
        return try row.decode(column, file: file, line: line)
    }

    package func int64() throws(PostgresError) -> Int64 { try decode() }
    package func string() throws(PostgresError) -> String { try decode() }
}
