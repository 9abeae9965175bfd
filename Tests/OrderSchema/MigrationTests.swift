import Foundation
import OrderSchema
import Orders
import Testing

@Suite struct MigrationTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../libs/OrderSchema/Migrations").standardizedFileURL

    @Test func listsAndEmbedsEveryFile() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path()).sorted()
        let listed = Migration.all.map { migration in
            let digits = String(migration.version)
            return String(repeating: "0", count: 4 - digits.count) + digits + "_\(migration.name).sql"
        }
        #expect(listed == files)
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
        for (migration, file) in zip(Migration.all, files) {
            let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
            #expect(migration.sql == text)
        }
    }

    @Test func migrationsControlNoTransactions() {
        for migration in Migration.all {
            let statements = migration.sql.split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            for word in ["BEGIN;", "COMMIT;", "ROLLBACK;", "CONCURRENTLY", "VACUUM"] {
                #expect(
                    !statements.contains { $0.hasPrefix(word) || $0.contains(" \(word)") },
                    "\(migration.name)")
            }
        }
    }

    @Test func statusConstraintListsEveryOrderStatus() {
        let names = OrderStatus.allCases.map { "'\($0.wireName)'" }.joined(separator: ", ")
        #expect(Migration.all[0].sql.contains("status IN (\(names))"))
    }
}
