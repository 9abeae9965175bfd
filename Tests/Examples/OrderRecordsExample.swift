import EventLoop
import OrderRecords
import Postgres

@Loop func orderRecordsExample() async throws {
    let configuration = try PostgresConfiguration(url: "postgresql://waybill@localhost/waybill")
    let pool = PostgresPool(OrderDatabase.prepare(configuration))
    let outbox = PostgresOutbox(pool)
    let sweep = try await outbox.sweep(olderThan: .seconds(5), limit: 100) { events in
        events.map { _ in true }
    }
    let progress = try await ReadModels(pool).progress()
    print(sweep?.published ?? 0, progress.isDone)
    await pool.close()
}
