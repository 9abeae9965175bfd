import EventLoop
import Postgres

@Loop func postgresExample() async throws {
    let pool = PostgresPool(
        PostgresConfiguration(host: "127.0.0.1", user: "waybill", database: "waybill"))
    let insert = PostgresStatement("INSERT INTO greetings (text) VALUES ($1) RETURNING id")
    let find = PostgresStatement("SELECT text FROM greetings WHERE id = $1")

    let text: String = try await pool.transaction { connection in
        let id = try await connection.query(insert, "hello").one().int64(0)
        return try await connection.query(find, id).one().string(0)
    }
    print(text)
    await pool.close()
}
