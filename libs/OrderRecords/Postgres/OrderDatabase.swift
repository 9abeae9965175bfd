internal import OrderSchema
package import Postgres

/// How the sessions of the system of record are set up, and its schema brought up to date.
package enum OrderDatabase {
    /// The schema's steps, in the form that the migration runner takes.
    package static let migrations = OrderSchema.Migration.all.map {
        PostgresMigration(version: $0.version, name: $0.name, sql: $0.sql)
    }

    /// The statements here are few and always the same, and their arrays tell the planner nothing: plan once.
    package static func prepare(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var configuration = configuration
        configuration.settings["plan_cache_mode"] = "force_generic_plan"
        return configuration
    }
}
