internal import Bytes
internal import OrderSchema
package import Postgres

/// The session settings and migrations of the order database.
package enum OrderDatabase {
    /// The schema's migrations, for ``PostgresMigrator``.
    package static let migrations = OrderSchema.Migration.all.map {
        PostgresMigration(
            version: $0.version, name: $0.name, sql: $0.sql, isCompatible: $0.isCompatible,
            isTransactional: $0.isTransactional)
    }

    /// Plans each statement once: there are few, and the planner gains nothing from the values of array parameters.
    package static func prepare(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var configuration = configuration
        configuration.settings["plan_cache_mode"] = "force_generic_plan"
        return configuration
    }
}
