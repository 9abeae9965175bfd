/// Columns of text, numbers right-aligned.
struct Table {
    private var rows: [[String]]
    private let columns: Int

    init(_ header: [String]) {
        rows = [header]
        columns = header.count
    }

    mutating func add(_ row: [String]) {
        precondition(row.count == columns, "a row has \(columns) columns")
        rows.append(row)
    }

    func text(_ console: Terminal) -> String {
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isNumeric = (0..<columns).map { column in
            rows.count > 1 && rows.dropFirst().allSatisfy { Double($0[column]) != nil || $0[column] == "-" }
        }
        let lines = rows.enumerated().map { index, row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return isNumeric[column] ? padding + cell : cell + padding
            }
            let line = cells.joined(separator: "  ")
            return index == 0 ? console.styled(line, .bold) : line
        }
        return lines.joined(separator: "\n")
    }
}

extension Duration {
    /// Milliseconds with one decimal, for tables.
    var milliseconds: String {
        let tenths = (components.seconds * 10_000) + components.attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
