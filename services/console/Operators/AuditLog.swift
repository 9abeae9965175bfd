import EventLoop
import JSON
import Observability
import Orders
import Postgres
import Service

/// What an operator does.
enum OperatorAct: String, Sendable {
    case replayDeadLetters = "replay dead letters"
    case dropDeadLetters = "drop dead letters"
    case closeSession = "close session"
    case stopReplica = "stop replica"
}

/// Records what operators do, in PostgreSQL and in the log, before it is done: what cannot be recorded is not done.
@Loop
struct AuditLog {
    private static let subjectLimit = 1000
    static let shown = 200

    let pool: PostgresPool
    let log: Logger

    /// - Parameter subject: of what; without the contents of messages.
    func record(_ act: OperatorAct, of subject: String, by user: UserID) async throws(Problem) {
        let subject = String(subject.prefix(Self.subjectLimit))
        log.info("console.act", ["operator": user.value, "act": act.rawValue, "subject": subject])
        do throws(PostgresError) {
            _ = try await pool.query(Self.insert, user.value, act.rawValue, subject)
        } catch {
            throw .unavailable(
                "The act cannot be recorded, and is not carried out: PostgreSQL does not answer.")
        }
    }

    /// Newest first.
    func recent() async throws(Problem) -> JSONValue {
        do throws(PostgresError) {
            return .array(
                try await pool.query(Self.newest, Int64(Self.shown)).map { row throws(PostgresError) in
                    .object([
                        .init("at", .number(String(try row.int64(0)))),
                        .init("operator", .string(try row.string(1))),
                        .init("act", .string(try row.string(2))),
                        .init("subject", .string(try row.string(3))),
                    ])
                })
        } catch {
            throw .unavailable("PostgreSQL does not answer.")
        }
    }

    private static let insert = PostgresStatement(
        "INSERT INTO operator_acts (operator, act, subject) VALUES ($1::text, $2::text, $3::text)")

    private static let newest = PostgresStatement.read(
        """
        SELECT (extract(epoch FROM at) * 1000)::int8, operator, act, subject
        FROM operator_acts ORDER BY id DESC LIMIT $1::int8
        """)
}
