/// Compares the code's migrations with the database's.
struct MigrationPlan {
    let known: [PostgresMigration]

    /// Refuses versions other than 1, 2, 3, …
    init(_ migrations: [PostgresMigration]) throws(PostgresError) {
        known = migrations.sorted { $0.version < $1.version }
        for (index, migration) in known.enumerated() where migration.version != index + 1 {
            throw PostgresError(
                .migration,
                "migrations must count from 1 without gaps: expected \(index + 1), found \(migration.version)"
            )
        }
    }

    func status(_ applied: [PostgresAppliedMigration]) -> [PostgresMigrationStatus] {
        let byVersion = Dictionary(applied.map { ($0.version, $0) }) { first, _ in first }
        let statuses = known.map { migration in
            let state: PostgresMigrationStatus.State =
                switch byVersion[migration.version] {
                case nil: .pending
                case let applied? where applied.checksum == migration.checksum: .applied(applied)
                case let applied?: .changed(applied)
                }
            return PostgresMigrationStatus(version: migration.version, name: migration.name, state: state)
        }
        let unknown = applied.filter { $0.version > known.count || $0.version < 1 }
        return statuses
            + unknown.sorted { $0.version < $1.version }.map {
                PostgresMigrationStatus(version: $0.version, name: $0.name, state: .unknown($0))
            }
    }

    /// The migrations left to apply, in order.
    /// - Throws: `.migration` when the database is newer than the code in a way that the code cannot bear, was built from
    ///   other SQL, or has gaps.
    func pending(_ applied: [PostgresAppliedMigration]) throws(PostgresError) -> [PostgresMigration] {
        var pending: [PostgresMigration] = []
        for status in status(applied) {
            switch status.state {
            case .applied:
                if let gap = pending.first {
                    throw PostgresError(
                        .migration,
                        "migration \(status.version) was applied, but \(gap.version) before it was not")
                }
            case .pending: pending.append(known[status.version - 1])
            case .changed:
                throw PostgresError(
                    .migration,
                    "migration \(status.version) (\(status.name)) was changed after it was applied")
            case .unknown(let applied) where applied.isCompatible: continue
            case .unknown:
                throw PostgresError(
                    .migration,
                    "the database is at migration \(status.version), this code ends at \(known.count): it is too old"
                )
            }
        }
        return pending
    }
}
