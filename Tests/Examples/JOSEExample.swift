import JOSE

func joseExample() async throws {
    let key = try SigningKey.generate(.edDSA, id: "key-1")
    let issuer = TokenIssuer(key: key, issuer: "https://issuer.example", audience: "waybill-api")
    let token = try issuer.token(for: "CUST-0001", now: 1_800_000_000, lifetime: 600)

    let rules = TokenRules(issuer: "https://issuer.example", audience: "waybill-api")
    var verifier = TokenVerifier(keys: KeySet([key.verificationKey]), rules: rules)
    let claims = try verifier.verify(token, now: 1_800_000_300)
    print(claims.userID ?? "", claims.expiresAt)
}
