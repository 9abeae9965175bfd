import EventLoop
import HTTP
import JSON

/// The REST routes, as one user.
@Loop
final class OrderAPI {
    private let client: HTTPClient
    private let base: String
    private let token: String

    /// - Parameter client: shared by several users; else one of its own.
    init(base: String, token: String, client: HTTPClient? = nil) throws(CommandError) {
        self.base = base
        self.token = token
        self.client = if let client { client } else { try TrustedAuthorities.client() }
    }

    /// A development token for `user` from the edge; production stacks issue none.
    static func token(for user: String, roles: [String] = [], at base: String) async throws -> JSONValue {
        var members: [JSONValue.Member] = [.init("userId", .string(user))]
        if !roles.isEmpty { members.append(.init("roles", .array(roles.map { .string($0) }))) }
        let body = JSONValue.object(members).encode()
        let client = try TrustedAuthorities.client()
        let response: HTTPClientResponse
        do {
            response = try await client.post("\(base)/dev/token", contentType: "application/json", body)
        } catch {
            throw silence(of: base, error)
        }
        if response.status == .notFound {
            throw CommandError(
                .failure, "this deployment issues no tokens: it does not run the development profile",
                remedy: "give a token of its issuer: --token-file FILE, or WAYBILL_TOKEN")
        }
        guard response.status == .ok, let answer = try? JSONValue(parsing: response.body.span) else {
            throw CommandError(.failure, "no token: \(response.status)", remedy: "waybill status")
        }
        return answer
    }

    func get(_ path: String) async throws -> JSONValue { try await send(.get, path) }

    func post(_ path: String, _ body: JSONValue?, headers: HTTPHeaders = HTTPHeaders()) async throws
        -> JSONValue
    {
        try await send(.post, path, body, headers)
    }

    func order(_ lines: [OrderLineArgument], key: String? = nil) async throws -> JSONValue {
        let items = lines.map { line in
            JSONValue.object([
                .init("productId", .string(line.product)), .init("quantity", .number(String(line.quantity))),
            ])
        }
        var headers = HTTPHeaders()
        if let key { headers.add("Idempotency-Key", key) }
        return try await post("/api/orders", .object([.init("items", .array(items))]), headers: headers)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil, _ extra: HTTPHeaders = HTTPHeaders()
    ) async throws -> JSONValue {
        var headers = extra
        headers.add("Authorization", "Bearer \(token)")
        if body != nil { headers.add("Content-Type", "application/json") }
        let response: HTTPClientResponse
        do {
            response = try await client.send(
                method, base + path, headers: headers, body: body?.encode() ?? [], within: .seconds(10))
        } catch {
            throw Self.silence(of: base, error)
        }
        let document = try? JSONValue(parsing: response.body.span)
        guard response.status.isSuccess else { throw Self.refusal(response.status, document) }
        return document ?? .null
    }

    private static func silence(of base: String, _ error: HTTPError) -> CommandError {
        CommandError(
            .unavailable, "\(base) does not answer: \(error.message)",
            remedy: "waybill status, or another address: --url URL")
    }

    /// A problem document in one line, with each error it lists.
    static func refusal(_ status: HTTPStatus, _ problem: JSONValue?) -> CommandError {
        let title = problem?["title"]?.string.map { " \($0)" } ?? ""
        var parts = ["\(status.code)\(title)"]
        if let detail = problem?["detail"]?.string { parts.append(detail) }
        for fault in problem?["errors"]?.members ?? [] {
            let messages = (fault.value.array ?? []).compactMap(\.string).joined(separator: " ")
            parts.append("\(fault.key): \(messages)")
        }
        let isUnavailable = status == .serviceUnavailable || status == .badGateway
        return CommandError(
            isUnavailable ? .unavailable : .failure, parts.joined(separator: ": "),
            remedy: remedy(for: status))
    }

    private static func remedy(for status: HTTPStatus) -> String {
        switch status.code {
        case 401: "get a new token: --token-file FILE, WAYBILL_TOKEN, or waybill context add"
        case 403: "use the token of another user: --token-file FILE, or WAYBILL_TOKEN"
        case 404: "check its id: waybill orders lists orders, the shop's pages list products"
        case 409: "waybill orders shows what became of it"
        case 429: "try again in a moment"
        case 502, 503, 504: "waybill status, and waybill doctor for what is missing; try again"
        case 500...: "waybill logs --level error"
        default: "correct the request; /api/openapi.yaml describes it"
        }
    }
}

/// `AZ-104:2`: a product and its quantity.
struct OrderLineArgument: Sendable, Equatable {
    var product: String
    var quantity: Int

    init(product: String, quantity: Int) {
        self.product = product
        self.quantity = quantity
    }

    init(_ text: String) throws(CommandError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let product = parts.first, !product.isEmpty, parts.count <= 2,
            let quantity = parts.count == 2 ? Int(parts[1]) : 1
        else {
            throw CommandError(
                .usage, "\(text) is not an order line", remedy: "write PRODUCT or PRODUCT:QUANTITY")
        }
        self.init(product: String(product), quantity: quantity)
    }
}
