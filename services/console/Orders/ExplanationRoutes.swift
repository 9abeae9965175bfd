import EventLoop
import HTTP
import JSON
import Orders
import Postgres
import Service

/// `GET /ops/api/orders` finds orders; `GET /ops/api/orders/{reference}` explains one.
@Loop
struct ExplanationRoutes {
    let operatorGuard: OperatorGuard
    let search: OrderSearch
    let explanation: ExplainOrder

    func add(to router: APIRouter) {
        router.on(.get, "/ops/api/orders") { request, _ in
            _ = try await operatorGuard.admit(request)
            let filter = try Self.filter(request)
            do throws(PostgresError) {
                return answer(try await search.page(filter))
            } catch {
                throw Problem.unavailable("PostgreSQL does not answer.")
            }
        }
        router.on(.get, "/ops/api/orders/{reference}") { request, _ in
            _ = try await operatorGuard.admit(request)
            guard let reference = OrderReference(request.parameter("reference")) else {
                throw Problem.validation([("reference", ["It must be an order's number or correlation id."])])
            }
            guard let explanation = await explanation.explain(reference) else {
                throw Problem(
                    .notFound,
                    "Nobody knows this order. Of one that is not recorded yet, use the correlation id; of a dropped dead "
                        + "letter, the audit log knows.")
            }
            return answer(explanation)
        }
    }

    private func answer(_ value: JSONValue) -> HTTPResponse {
        HTTPResponse(.ok, json: value.encode(), headers: ["Cache-Control": "no-store"])
    }

    /// `?status=&user=&since=&before=&size=`
    private static func filter(_ request: HTTPRequest) throws(Problem) -> OrderSearch.Filter {
        var filter = OrderSearch.Filter()
        var faults: [(String, [String])] = []
        func read<Value>(_ name: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
            guard let text = request.query(name), !text.isEmpty else { return nil }
            let value = parse(text)
            if value == nil { faults.append((name, [expected])) }
            return value
        }
        filter.status = read("status", "It must be ACCEPTED, PROCESSING, COMPLETED, FAILED or CANCELLED.") {
            OrderStatus(wireName: $0)
        }
        filter.user = read("user", "It is no user id.") { UserID($0) }
        filter.since = read("since", "It must be a time, such as 2026-01-31T08:00:00Z.") {
            Timestamp(ascii: Array($0.utf8).span)?.milliseconds
        }
        filter.before = read("before", "It must be an order's number.") { Int64($0).flatMap { OrderID($0) } }
        filter.size =
            read("size", "It must be between 1 and \(OrderSearch.largest).") {
                Int($0).flatMap { (1...OrderSearch.largest).contains($0) ? $0 : nil }
            } ?? filter.size
        guard faults.isEmpty else { throw .validation(faults) }
        return filter
    }
}
