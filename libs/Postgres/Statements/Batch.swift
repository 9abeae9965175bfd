/// Statements that travel in one round trip and stand or fall together.
package struct Batch {
    struct Entry {
        let statement: Statement
        let parameters: Parameters
    }

    private(set) var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    package mutating func add(_ statement: Statement, _ parameters: Parameters) {
        entries.append(Entry(statement: statement, parameters: parameters))
    }

    package mutating func add<each Value: ParameterValue>(_ statement: Statement, _ value: repeat each Value)
    {
        add(statement, Parameters(repeat each value))
    }
}
