/// The result of one statement: its rows, in libpq's memory, decoded on access.
package struct PostgresRows: Sendable {
    private final class Storage: Sendable {
        let handle: PostgresResultHandle

        init(_ handle: consuming PostgresResultHandle) { self.handle = handle }
    }

    private let storage: Storage

    init(_ handle: consuming PostgresResultHandle) { storage = Storage(handle) }

    /// Rows that were inserted, updated, deleted or selected.
    package var affected: Int { storage.handle.affectedRows }

    package var columnCount: Int { storage.handle.columnCount }

    package var columnNames: [String] { (0..<columnCount).map { storage.handle.name(ofColumn: $0) } }

    /// The only row; throws `.decoding` when there are none or several.
    package func one(file: String = #fileID, line: Int = #line) throws(PostgresError) -> PostgresRow {
        guard count == 1 else {
            throw PostgresError(.decoding, "expected one row, got \(count)", file: file, line: line)
        }
        return self[0]
    }

    func column(named name: String) -> Int? { storage.handle.column(named: name) }

    func isNull(row: Int, column: Int) -> Bool { storage.handle.isNull(row: row, column: column) }

    func decode<Value: PostgresDecodable>(
        _ type: Value.Type, row: Int, column: Int, file: String, line: Int
    ) throws(PostgresError) -> Value {
        guard column >= 0, column < columnCount else {
            throw PostgresError(.decoding, "no column \(column)", file: file, line: line)
        }
        if let value: Value = storage.handle.decode(row: row, column: column) { return value }
        throw fault(Value.self, row: row, column: column, file: file, line: line)
    }

    private func fault(
        _ wanted: Any.Type, row: Int, column: Int, file: String, line: Int
    ) -> PostgresError {
        let name = storage.handle.name(ofColumn: column)
        let found =
            storage.handle.isNull(row: row, column: column)
            ? "NULL" : "\(storage.handle.type(ofColumn: column))"
        return PostgresError(
            .decoding, "column \(column) \"\(name)\" is \(found), not \(wanted)", file: file, line: line)
    }
}

extension PostgresRows: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { storage.handle.rowCount }

    package subscript(index: Int) -> PostgresRow {
        precondition(index >= 0 && index < endIndex, "row \(index) of \(endIndex)")
        return PostgresRow(rows: self, index: index)
    }
}
