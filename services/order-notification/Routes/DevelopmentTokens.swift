import EventLoop
import HTTP
import JOSE
import JSON
import Orders
import Service

/// `POST /dev/token`: a token for whoever asks. Only composed in the development profile; elsewhere the
/// route does not exist.
@Loop
struct DevelopmentTokens {
    let issuer: TokenIssuer
    /// In seconds.
    var lifetime = 3600

    func add(to edge: Edge) {
        edge.on(.post, "/dev/token", bodyLimit: 4096) { request, _ in try answer(request) }
    }

    private func answer(_ request: Request) throws -> Response {
        let body = request.body
        let name = (try? JSONValue(parsing: body.span))?["userId"]?.string ?? ""
        guard !name.allSatisfy(\.isWhitespace) else { return Self.refusal("userId is required") }
        guard let user = UserID(name) else { return Self.refusal("userId is not valid") }
        let now = WallClock.seconds()
        let token = try issuer.token(for: user.value, now: now, lifetime: lifetime)
        let expiry = Timestamp(milliseconds: Int64(now + lifetime) * 1000)
        let json = JSONWriter.encode { writer in
            writer.object { writer in
                writer.field("userId", user.value)
                writer.field("token", token)
                writer.field("expiresAtUtc", expiry.description)
            }
        }
        return Response(.ok, json: json, headers: ["Cache-Control": "no-store"])
    }

    private static func refusal(_ text: String) -> Response {
        Response(.badRequest, json: JSONWriter.encode { $0.object { $0.field("error", text) } })
    }
}
