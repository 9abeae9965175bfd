internal import Bytes
internal import JOSE
internal import JSON
internal import Observability
internal import Service

/// A bearer token that the user gave, and whose it is. It is verified by the services alone.
struct AccessToken: Sendable {
    private let secret: Secret<String>
    /// The user that its claims name, as the services choose it: `sub`, else the name identifier, else `oid`.
    let user: String

    /// For a request's header. Never printed.
    func reveal() -> String { secret.reveal() }

    private static let userClaims = [
        "sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "oid",
    ]

    /// - Parameters:
    ///   - origin: where the text is from, such as `--token`.
    ///   - now: seconds since 1970.
    init(_ text: String, from origin: String, now: Int) throws(CommandError) {
        let token = text.split(whereSeparator: \.isWhitespace)
        let parts = token.first?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard token.count == 1, parts.count == 3, let payload = Base64URL.decode(String(parts[1])),
            let claims = try? JSONValue(parsing: payload.span), claims.members != nil
        else {
            throw CommandError(
                .usage, "the token of \(origin) is not a JSON Web Token",
                remedy: "give an access token of the deployment's issuer: three parts with dots between them")
        }
        guard let user = Self.userClaims.lazy.compactMap({ claims[$0]?.string }).first(where: { !$0.isEmpty })
        else {
            throw CommandError(
                .usage, "the token of \(origin) names no user",
                remedy: "give a token with the claim sub")
        }
        if let expiry = claims["exp"]?.double, expiry <= Double(now) {
            throw CommandError(
                .failure, "the token of \(origin) has expired", remedy: "get a new one from the issuer")
        }
        secret = Secret(String(token[0]))
        self.user = user
    }

    /// Reads a file that holds a token and nothing else.
    init(file path: String, now: Int) throws(CommandError) {
        guard let bytes = SystemCalls.contents(of: path, limit: 1 << 16) else {
            throw CommandError(
                .usage, "the token cannot be read from \(path)",
                remedy: "write it to that file, readable for this user alone: chmod 600 \(path)")
        }
        try self.init(String(decoding: bytes, as: UTF8.self), from: path, now: now)
    }

    /// `WAYBILL_TOKEN`, or the file that `WAYBILL_TOKEN_FILE` names; nil when neither is set.
    static func of(_ environment: Environment, now: Int) throws(CommandError) -> AccessToken? {
        if let path = environment["WAYBILL_TOKEN_FILE"] { return try AccessToken(file: path, now: now) }
        guard let text = environment["WAYBILL_TOKEN"] else { return nil }
        return try AccessToken(text, from: "WAYBILL_TOKEN", now: now)
    }
}
