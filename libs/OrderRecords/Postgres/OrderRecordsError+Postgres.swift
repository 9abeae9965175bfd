internal import Postgres

extension OrderRecordsError {
    init(_ error: PostgresError) {
        self.init(Self.code(error), error.description)
    }

    /// By SQLSTATE (PostgreSQL manual, appendix A). Only what is surely due to an order's own data is refused, which ends
    /// its message.
    private static func code(_ error: PostgresError) -> Code {
        switch error.code {
        case .invalidParameter: return .refused
        case .server: break
        default: return .unavailable
        }
        guard let state = error.sqlState else { return .unavailable }
        if state.isSerializationConflict || state == .lockNotAvailable || state == .queryCanceled {
            return .contended
        }
        // Only a product's name can be missing (`OrderStoreStatements.insertOrders`).
        if state == .notNullViolation { return .unknownProduct }
        if state.isTransient || Self.isOf(Self.server, state.code) { return .unavailable }
        return Self.isOf(Self.data, state.code) ? .refused : .failed
    }

    /// Every order would meet the same: connection, transaction, session, names and privileges, resources, object state,
    /// operator, system, corrupted data.
    private static let server = [
        "08", "25", "26", "28", "3D", "3F", "42", "53", "55", "57", "58", "F0", "XX001", "XX002",
    ]
    /// Cardinality, data, constraints, views' conditions.
    private static let data = ["21", "22", "23", "44"]

    private static func isOf(_ classes: [String], _ state: String) -> Bool {
        classes.contains { state.hasPrefix($0) }
    }
}
