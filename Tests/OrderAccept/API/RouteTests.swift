import EventLoop
import HTTP
import JSON
import MemoryAdapters
import OrderEvents
import Orders
import Service
import Testing
import WorkflowState

@testable import OrderAccept

/// The routes over ports in memory: what stands in the contract, word for word.
@Loop @Suite struct RouteTests {
    let api: API

    init() throws { api = try API() }

    static let order = #"{"items":[{"productId":"AZ-104","quantity":2}]}"#

    // MARK: PlacementFixture

    @Test func anOrderIsCreated() async throws {
        let answer = await api.post("/api/orders", Self.order)
        #expect(answer.status == .created)
        #expect(answer.headers["Location"] == "/api/orders/1")
        let order = try answer.json()
        let members = order.members?.map(\.key)
        #expect(members == ["id", "correlationId", "createdAt", "status", "total", "currency", "items"])
        #expect(order["status"] == "ACCEPTED" && order["createdAt"] == "2026-01-01T00:00:00.123Z")
        #expect(order["total"]?.text == "281.90" && order["currency"] == "EUR")
        let line = order["items"]?[0]
        let lineMembers = line?.members?.map(\.key)
        #expect(lineMembers == ["productId", "productName", "imageUrl", "unitPrice", "quantity"])
        #expect(line?["unitPrice"]?.text == "140.95")
    }

    @Test(arguments: [
        ("{", "$", "The body is not valid JSON."),
        ("", "$", "The body is not valid JSON."),
        ("{}", "items", "Items collection is required."),
        ("[]", "items", "Items collection is required."),
        (#"{"items":null}"#, "items", "Items collection is required."),
        (#"{"items":[]}"#, "items", "At least one order item is required."),
        (#"{"items":[{"quantity":1}]}"#, "items[0].productId", "ProductId is required."),
        (
            #"{"items":[{"productId":"AZ-104","quantity":0}]}"#, "items[0].quantity",
            "Quantity must be greater than 0."
        ),
    ])
    func aBodyThatIsNoOrderIsExplained(body: String, field: String, message: String) async throws {
        let answer = await api.post("/api/orders", body)
        #expect(answer.status == .badRequest)
        let problem = try answer.problem()
        #expect(problem["title"] == "One or more validation errors occurred.")
        #expect(problem["errors"]?[field]?[0]?.string == message)
        #expect(problem["traceId"]?.string?.count == 32 && problem["instance"] == "/api/orders")
    }

    @Test func unknownProductsAreListedInTheProblem() async throws {
        let body =
            #"{"items":[{"productId":"a","quantity":1},{"productId":"AZ-104","quantity":1},{"productId":"b","quantity":1}]}"#
        let answer = await api.post("/api/orders", body)
        #expect(answer.status == .notFound)
        #expect(try answer.problem()["detail"] == "One or more products were not found: a, b")
    }

    @Test(arguments: [nil, "text/plain", "application/jsonx", "application/x-www-form-urlencoded"])
    func otherMediaTypesAreRefused(type: String?) async throws {
        let answer = await api.post("/api/orders", Self.order, type: type)
        #expect(answer.status == .unsupportedMediaType)
        _ = try answer.problem()
    }

    @Test(arguments: ["application/json", "Application/JSON; charset=utf-8", "application/json;v=1"])
    func jsonIsTakenHoweverItIsWritten(type: String) async {
        #expect(await api.post("/api/orders", Self.order, type: type).status == .created)
    }

    @Test func anOutageIs503() async throws {
        api.fixture.sender.failures = [.away, .away]
        api.fixture.intake.isAvailable = false
        let answer = await api.post("/api/orders", Self.order)
        #expect(answer.status == .serviceUnavailable && answer.headers["Retry-After"] == "1")
        _ = try answer.problem()
    }

    // MARK: Idempotency

    @Test func aReplayedResponseIsMarked() async throws {
        let first = await api.post("/api/orders", Self.order, headers: ["Idempotency-Key": "a-1"])
        let second = await api.post("/api/orders", Self.order, headers: ["Idempotency-Key": "a-1"])
        #expect(first.headers["Idempotency-Replayed"] == nil)
        #expect(second.headers["Idempotency-Replayed"] == "true" && second.status == .created)
        #expect(second.headers["Location"] == first.headers["Location"])
        #expect(try second.json() == first.json())
        let other = await api.post(
            "/api/orders", #"{"items":[{"productId":"AZ-900","quantity":1}]}"#,
            headers: ["Idempotency-Key": "a-1"])
        #expect(other.status == .unprocessableContent)
    }

    @Test(arguments: ["", "a b", "ä", String(repeating: "x", count: 256)])
    func keysOfAnotherFormAreRefused(key: String) async throws {
        let answer = await api.post("/api/orders", Self.order, headers: ["Idempotency-Key": key])
        #expect(answer.status == .badRequest)
        #expect(try answer.problem()["errors"]?["Idempotency-Key"] != nil)
    }

    // MARK: RequestAuthorizer

    @Test func requestsWithoutAValidTokenAreRefused() async throws {
        for path in ["/api/orders", "/api/products", "/api/orders/1", "/api/products/x"] {
            let answer = await api.get(path, token: nil)
            #expect(answer.status == .unauthorized)
            #expect(answer.headers["WWW-Authenticate"] == #"Bearer realm="waybill""#)
            let forged = await api.get(path, token: "a.b.c")
            #expect(forged.status == .unauthorized)
            #expect(forged.headers["WWW-Authenticate"]?.contains("invalid_token") == true)
            _ = try forged.problem()
        }
    }

    @Test func aTokenWithoutUserIsForbidden() async throws {
        #expect(await api.get("/api/orders", token: try api.token(for: " ")).status == .forbidden)
        let large = await api.get("/api/orders", token: String(repeating: "a", count: (16 << 10) + 1))
        #expect(large.status == .headerFieldsTooLarge)
        #expect(try large.problem()["detail"] == "The token is larger than 16 KiB.")
    }

    @Test func requestsOfOneUserAreRateLimited() async throws {
        var limited = api
        var answers: [HTTPResponse] = []
        // On a busy machine a second may pass between them, which allows another one.
        for _ in 0..<5 {
            limited = try API(limit: RateLimit(burst: 2, perSecond: 1))
            let start = Loop.now
            answers = []
            for _ in 0..<3 { answers.append(await limited.post("/api/orders", Self.order)) }
            if start.duration(to: Loop.now) < .milliseconds(900) { break }
        }
        #expect(answers.map(\.status) == [.created, .created, .tooManyRequests])
        #expect(answers.map { $0.headers["RateLimit-Limit"] } == ["2", "2", "2"])
        #expect(answers.map { $0.headers["RateLimit-Remaining"] } == ["1", "0", "0"])
        #expect(answers[2].headers["Retry-After"] == "1" && answers[2].headers["RateLimit-Reset"] == "1")
        #expect(await limited.get("/api/products").status == .ok)
    }

    // MARK: Reading and changing

    @Test(arguments: [
        "offset=-1", "size=0", "size=101", "offset=x", "size=", "size=1.5", "size=5&size=5",
        "offset=0&size=5&offset=1",
    ])
    func pagesHaveBounds(query: String) async throws {
        for path in ["/api/products", "/api/orders"] {
            let answer = await api.get("\(path)?\(query)")
            #expect(answer.status == .badRequest)
            #expect(try answer.problem()["detail"] == "Invalid pagination parameters.")
        }
    }

    @Test func productsArePaged() async throws {
        let page = try await api.get("/api/products?offset=1&size=1").json()
        #expect(page["offset"] == 1 && page["size"] == 1 && page["total"] == 3)
        #expect(page["items"]?.array?.count == 1 && page["items"]?[0]?["externalProductId"] == "AZ-900")
        #expect(try await api.get("/api/products").json()["size"] == 12)
        #expect(try await api.get("/api/products/AZ-104").json()["price"]?.text == "140.95")
        #expect(await api.get("/api/products/nope").status == .notFound)
    }

    @Test func ordersAreReadByTheirOwner() async throws {
        let order = try await api.post("/api/orders", Self.order).json()
        let detail = try await api.get("/api/orders/1").json()
        #expect(detail.members?.map(\.key) == (order.members ?? []).map(\.key) + ["history"])
        #expect(detail["history"]?[0]?["status"] == "ACCEPTED" && detail["id"] == order["id"])
        let cid = try #require(order["correlationId"]?.string)
        let status = try await api.get("/api/orders/status/\(cid)").json()
        #expect(status.members?.map(\.key) == ["correlationId", "orderId", "status", "updatedAt"])
        #expect(status["orderId"] == 1 && status["status"] == "ACCEPTED")
        let page = try await api.get("/api/orders").json()
        #expect(page["total"] == 1 && page["items"]?[0] == order && page["next"] == nil)
        let otherUser = try api.token(for: "CUST-2")
        #expect(await api.get("/api/orders/1", token: otherUser).status == .notFound)
        #expect(await api.get("/api/orders/status/\(cid)", token: otherUser).status == .notFound)
    }

    @Test(arguments: ["abc", "0", "-1", "01", "9007199254740992", "1.0"])
    func idsHaveAForm(id: String) async throws {
        let answer = await api.get("/api/orders/\(id)")
        #expect(answer.status == .badRequest)
        #expect(try answer.problem()["detail"] == "Invalid order id.")
        #expect(await api.post("/api/orders/\(id)/cancel", "").status == .badRequest)
        #expect(await api.delete("/api/orders/\(id)").status == .badRequest)
        #expect(await api.get("/api/orders/status/\(id)").status == .badRequest)
    }

    @Test func ordersAreCancelledAndDeleted() async throws {
        _ = await api.post("/api/orders", Self.order)
        for _ in 0..<2 {
            let answer = await api.post("/api/orders/1/cancel", "")
            #expect(answer.status == .accepted)
            #expect(try answer.json()["status"] == "CANCELLED")
        }
        #expect(await api.delete("/api/orders/1").status == .noContent)
        #expect(await api.delete("/api/orders/1").status == .notFound)
        #expect(await api.post("/api/orders/1/cancel", "").status == .notFound)
    }

    @Test func aCompletedOrderIsNotCancelled() async throws {
        let order = try await api.fixture.place().order
        var completed = order
        completed.status = .completed
        api.fixture.queries.insert([completed])
        _ = try await api.fixture.workflows.memory.advance([
            WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.id, owner: order.customer,
                isRecorded: true)
        ])
        #expect(await api.post("/api/orders/1/cancel", "").status == .conflict)
    }

    @Test func aFailedOrderSaysWhy() async throws {
        var order = try await api.fixture.place().order
        (order.status, order.failure) = (.failed, .productUnavailable)
        api.fixture.queries.insert([order])
        api.fixture.memory.flush()
        for document in [
            try await api.get("/api/orders/1").json(), try await api.get("/api/orders").json()["items"]?[0],
        ] {
            #expect(document?["status"] == "FAILED")
            #expect(document?["failure"]?["code"] == "product_unavailable")
            #expect(document?["failure"]?["detail"]?.string?.contains("no longer available") == true)
        }
    }

    @Test func pagesAreFollowedByCursor() async throws {
        for _ in 0..<5 { _ = await api.post("/api/orders", Self.order) }
        var ids: [Int] = []
        var target: String? = "/api/orders?size=2"
        while let current = target {
            let page = try await api.get(current).json()
            ids += (page["items"]?.array ?? []).compactMap { $0["id"]?.int }
            target = page["next"]?.string.map { "/api/orders?size=2&after=\($0)" }
        }
        #expect(ids == [5, 4, 3, 2, 1])
        for query in ["after=x", "after=", "offset=1001", "offset=0&after=MS4x"] {
            #expect(await api.get("/api/orders?\(query)").status == .badRequest)
        }
    }

    @Test func anUnavailableDatabaseIs503() async throws {
        api.fixture.queries.fault = OrderQueryError(reason: "secret text")
        for answer in [await api.get("/api/orders"), await api.get("/api/orders/5")] {
            #expect(answer.status == .serviceUnavailable && answer.headers["Retry-After"] != nil)
            #expect(try !answer.problem().text.contains("secret"))
        }
    }
}
