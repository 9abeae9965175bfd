import OrderSchema

func orderSchemaExample() async throws {
    for migration in Migration.all {
        print(migration.version, migration.name, migration.sql.utf8.count)
    }
}
