/// Statements that are sent in one round trip and succeed or fail together.
package struct PostgresBatch {
    struct Entry {
        let statement: PostgresStatement
        let parameters: PostgresParameters
    }

    private(set) var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    package mutating func add(_ statement: PostgresStatement, _ parameters: PostgresParameters) {
        entries.append(Entry(statement: statement, parameters: parameters))
    }

    package mutating func add<each Value: PostgresEncodable>(
        _ statement: PostgresStatement, _ value: repeat each Value
    ) {
        add(statement, PostgresParameters(repeat each value))
    }
}
