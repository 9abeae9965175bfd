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
    /// In seconds.
    private let lifetime = 3600

    init(issuer: TokenIssuer) { self.issuer = issuer }

    /// Nil outside the development profile, and without a secret.
    init?(_ context: ServiceContext) throws {
        let settings = context.settings
        guard context.profile == .development, let secret = settings[TokenSettings.secret] else { return nil }
        issuer = TokenIssuer(
            key: try .hmac(secret: Array(secret.reveal().utf8)), issuer: settings[TokenSettings.issuer],
            audience: settings[TokenSettings.audience])
    }

    func add(to router: APIRouter) {
        router.on(.post, "/dev/token", bodyLimit: 4096) { request, _ in try answer(request) }
    }

    private func answer(_ request: HTTPRequest) throws -> HTTPResponse {
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

    /// At most eight strings; nil for anything else.
    private static func roles(_ value: JSONValue?) -> [String]? {
        guard let value, !value.isNull else { return [] }
        guard let list = value.array, list.count <= 8 else { return nil }
        let roles = list.compactMap(\.string).filter { (1...32).contains($0.utf8.count) }
        return roles.count == list.count ? roles : nil
    }

    private static func refusal(_ text: String) -> HTTPResponse {
        HTTPResponse(.badRequest, json: JSONWriter.encode { $0.object { $0.field("error", text) } })
    }
}
