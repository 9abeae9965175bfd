import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import Observability
import Orders
import Service

/// `POST /dev/token {"userId", "roles"?}`: mints a token for any user and role. The route exists in the development
/// profile alone.
@Loop
struct DevelopmentTokens {
    private let issuer: TokenIssuer
    /// The origins whose pages may use this replica.
    private let origins: [String]
    /// In seconds.
    private let lifetime = 3600

    init(issuer: TokenIssuer, origins: [String] = []) {
        self.issuer = issuer
        self.origins = origins
    }

    /// Nil outside the development profile, and without a secret.
    init?(_ context: ServiceContext) throws {
        let settings = context.settings
        guard context.profile == .development, let secret = settings[TokenSettings.secret] else { return nil }
        issuer = TokenIssuer(
            key: try .hmac(secret: Array(secret.reveal().utf8)), issuer: settings[TokenSettings.issuer],
            audience: settings[TokenSettings.audience])
        origins = settings.value(ServiceKeys.origins) ?? []
    }

    func add(to router: APIRouter) {
        router.on(.post, "/dev/token", bodyLimit: 4096) { request, _ in try answer(request) }
    }

    private func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        guard isOwn(request.headers["Host"] ?? "localhost") else {
            return Self.refusal("this host is not known: add its origin to ALLOWED_ORIGINS", .forbidden)
        }
        let body = request.body
        let document = try? JSONValue(parsing: body.span)
        let name = document?["userId"]?.string ?? ""
        guard !name.allSatisfy(\.isWhitespace) else { return Self.refusal("userId is required") }
        guard let user = UserID(name) else { return Self.refusal("userId is not valid") }
        guard let roles = Self.roles(document?["roles"]) else { return Self.refusal("roles are not valid") }
        let now = WallClock.seconds()
        let token = try issuer.token(for: user.value, roles: roles, now: now, lifetime: lifetime)
        let expiry = Timestamp(milliseconds: Int64(now + lifetime) * 1000)
        let json = JSONWriter.encode { writer in
            writer.object { writer in
                writer.field("userId", user.value)
                writer.field("token", token)
                writer.field("expiresAtUtc", expiry.description)
            }
        }
        return HTTPResponse(.ok, json: json, headers: ["Cache-Control": "no-store"])
    }

    /// Names that nobody can register (RFC 2606, RFC 6761, RFC 6762).
    private static let reserved = ["localhost", "local", "internal", "test", "example", "invalid"]

    /// Whether a page of this host is one of ours. Anybody can point a name of his own at this machine: his page then has
    /// the origin of this server, and would read a token.
    private func isOwn(_ authority: String) -> Bool {
        let host = authority.lowercased()
        if origins.contains(where: { $0 == "*" || $0.lowercased().hasSuffix("://\(host)") }) { return true }
        guard !host.hasPrefix("[") else { return true }
        let name = host.prefix { $0 != ":" }
        let labels = name.split(separator: ".")
        return labels.count < 2 || IPAddress(String(name)) != nil
            || Self.reserved.contains { labels[labels.count - 1] == $0 }
    }

    /// At most eight strings; nil for anything else.
    private static func roles(_ value: JSONValue?) -> [String]? {
        guard let value, !value.isNull else { return [] }
        guard let list = value.array, list.count <= 8 else { return nil }
        let roles = list.compactMap(\.string).filter { (1...32).contains($0.utf8.count) }
        return roles.count == list.count ? roles : nil
    }

    private static func refusal(_ text: String, _ status: HTTPStatus = .badRequest) -> HTTPResponse {
        HTTPResponse(status, json: JSONWriter.encode { $0.object { $0.field("error", text) } })
    }
}
