import JOSE
import JSON

/// An issuer with a key per algorithm, and a verifier with its keys.
enum Fixture {
    static let now = 1_800_000_000
    static let rules = TokenRules(issuer: "https://issuer.test", audience: "waybill-api")
    static let keys: [Algorithm: SigningKey] = Dictionary(
        uniqueKeysWithValues: Algorithm.allCases.map {
            ($0, try! SigningKey.generate($0, id: "key-\($0.rawValue)"))
        })
    static let keySet = KeySet(Algorithm.allCases.map { keys[$0]!.verificationKey })

    static func verifier(_ keys: KeySet = keySet, cachedTokens: Int = 16) -> TokenVerifier {
        TokenVerifier(keys: keys, rules: rules, cachedTokens: cachedTokens)
    }

    static func claims(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("iss", "https://issuer.test"), .init("aud", "waybill-api"), .init("sub", "CUST-0001"),
            .init("exp", .number(String(now + 600))),
        ]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            members.removeAll { $0.key == name }
            if let value { members.append(.init(name, value)) }
        }
        return .object(members)
    }

    static func header(_ algorithm: Algorithm, _ extra: [JSONValue.Member] = []) -> JSONValue {
        .object(
            [.init("alg", .string(algorithm.rawValue)), .init("kid", .string("key-\(algorithm.rawValue)"))]
                + extra)
    }

    static func token(
        _ algorithm: Algorithm = .hs256, header: JSONValue? = nil, claims: JSONValue = claims()
    ) throws -> String {
        try keys[algorithm]!.sign(
            header: (header ?? Self.header(algorithm)).encode(), payload: claims.encode())
    }

    /// A token of these parts, which may be invalid.
    static func compact(_ header: String, _ payload: String, _ signature: [UInt8]) -> String {
        [Array(header.utf8), Array(payload.utf8), signature].map { Base64URL.encode($0) }.joined(
            separator: ".")
    }

    /// The error of a new verifier for the token, or nil.
    static func verificationError(_ token: String, _ keys: KeySet = keySet, now: Int = now) -> JOSEError? {
        var verifier = verifier(keys)
        do throws(JOSEError) {
            _ = try verifier.verify(token, now: now)
            return nil
        } catch {
            return error
        }
    }
}
