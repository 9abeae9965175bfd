import EventLoop
import MemoryAdapters
import Observability
import Orders
import Postgres
import Testing

@testable import OrderAccept

@Loop @Suite(.enabled(if: LiveOrderQueriesFixture.servers != nil)) struct PostgresCatalogueTests {
    /// The catalogue is one statement: a row by which it could not be read would take the shop away.
    @Test func aRowThatCannotBeUsedIsLeftOut() async throws {
        try await LiveOrderQueriesFixture.withDatabase { pool, connection, _ in
            let output = MemoryLogOutput()
            let log = Logger(
                sink: LogSink(
                    origin: LogOrigin(service: "test", replica: "test"), format: .json, output: output),
                level: .warning)
            let nan = PostgresStatement(
                "UPDATE products SET price = 'NaN' WHERE external_product_id = 'AZ-104'")
            await #expect(throws: PostgresError.self) { try await connection.query(nan) }
            try await connection.script("ALTER TABLE products DROP CONSTRAINT products_price_is_a_number")
            try await connection.query(nan)
            let catalogue = PostgresCatalogue(pool, log: log)
            let reading = Loop.task { try? await catalogue.run() }
            defer { reading.cancel() }
            await catalogue.loaded.wait(within: .seconds(5))
            let products = try #require(catalogue.current)
            #expect(products.count > 0 && products["AZ-104"] == nil)
            _ = await catalogue.refresh(within: .seconds(5))
            log.sink.flush()
            #expect(output.text.split(separator: "catalogue.product_skipped").count == 2)
            try await connection.script("UPDATE products SET price = 1 WHERE external_product_id = 'AZ-104'")
            #expect(await catalogue.refresh(within: .seconds(5)))
            #expect(catalogue.current?.count == products.count + 1)
        }
    }
}
