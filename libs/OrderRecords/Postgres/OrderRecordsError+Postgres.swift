internal import Postgres

extension OrderRecordsError {
    init(_ error: PostgresError) {
        self.init(Self.code(error), error.description)
    }

    /// Classes of SQLSTATE (PostgreSQL manual, appendix A): 22 is data that a type cannot hold, 23 a constraint
    /// that it breaks; conflicts, and locks not got in time, are others at work. All else, a missing table
    /// included, is the server's state.
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
        return state.code.hasPrefix("22") || state.code.hasPrefix("23") ? .refused : .unavailable
    }
}
