import EventLoop
import HTTP
import Identity
import JOSE

@Loop func identityExample() async throws {
    let key = try SigningKey.generate(.es256, id: "key-1")
    let rules = TokenRules(issuer: "https://issuer.example", audience: "waybill-api")
    let authenticator = Authenticator(keys: KeySet([key.verificationKey]), rules: rules)

    let issuer = TokenIssuer(key: key, issuer: rules.issuer, audience: rules.audience)
    let token = try issuer.token(for: "CUST-0001", now: WallClock.seconds())
    let request = HTTPRequest(.get, "/api/orders", headers: ["Authorization": "Bearer \(token)"])
    let principal = try await authenticator.authenticate(request)
    print(principal.userID, principal.isOperator)
}
