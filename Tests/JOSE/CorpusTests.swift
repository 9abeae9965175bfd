import JSON
import TestSupport
import Testing

@testable import JOSE

/// The vectors of Wycheproof for the algorithms that are accepted.
@Suite(.enabled(if: Corpora.has("wycheproof")))
struct WycheproofTests {
    private struct Vector {
        let number: String
        let group: JSONValue
        let test: JSONValue
        let result: String

        var label: String { "\(number) \(test["comment"]?.string ?? "")" }

        func hex(_ name: String) -> [UInt8] {
            let digits = Array((test[name]?.string ?? "").utf8)
            return stride(from: 0, to: digits.count, by: 2).map {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)!
            }
        }
    }

    private static func vectors(_ file: String) throws -> [Vector] {
        let bytes = try Corpora.bytes("testvectors_v1/\(file)_test.json", of: "wycheproof")
        let document = try JSONValue(parsing: bytes.span, limits: JSONLimits(depth: 16, bytes: 16 << 20))
        return (document["testGroups"]?.array ?? []).flatMap { group in
            (group["tests"]?.array ?? []).map { test in
                Vector(
                    number: test["tcId"].map { "\($0)" } ?? "", group: group, test: test,
                    result: test["result"]?.string ?? "")
            }
        }
    }

    private static func keys(_ jwk: JSONValue) throws -> [VerificationKey] {
        if let all = jwk["keys"]?.array { return all.flatMap { (try? keys($0)) ?? [] } }
        if jwk["kty"]?.string == "oct" {
            let isUsable = jwk["alg"]?.string == "HS256"
            guard isUsable, let secret = jwk["k"]?.string.flatMap({ Base64URL.decode($0) }) else { return [] }
            return [try .hmac(secret: secret, id: jwk["kid"]?.string)]
        }
        let document = JSONValue.object([.init("keys", .array([jwk]))]).encode()
        return try KeySet(parsingJWKSet: document.span).keys
    }

    /// Whole tokens: framing, base64url, headers, keys for another use, confused algorithms.
    @Test(arguments: [("json_web_signature", 20), ("json_web_key", 3)])
    func tokens(file: String, atLeast: Int) throws {
        let rules = TokenRules(issuer: "any", audience: "any")
        let vectors = try Self.vectors(file)
        // The padding that two vectors are named for was lost when the file was written.
        let valid = Set(vectors.filter { $0.result == "valid" }.compactMap { $0.test["jws"]?.string })
        var accepted = 0
        for vector in vectors {
            // Weak key hardware is for the issuer to notice; verification would cost every key set a factoring test.
            if vector.label.hasSuffix("rejectsKeyWithRocaVulnerability") { continue }
            guard let jwk = vector.group["public"] ?? vector.group["private"],
                let token = vector.test["jws"]?.string
            else { continue }
            let keys = (try? Self.keys(jwk)) ?? []
            var verifier = TokenVerifier(keys: KeySet(keys), rules: rules)
            var isVerified = false
            do throws(JOSEError) {
                _ = try verifier.verify(token, now: 0)
            } catch {
                // The payload is read after the signature; the vectors carry no claims.
                isVerified =
                    ![
                        .malformed, .badSignature, .unsupportedAlgorithm, .unsupportedHeader, .unknownKey,
                        .tooLarge,
                    ].contains(error.code) || (error.code == .malformed && Self.verifies(token, keys))
            }
            if vector.result == "invalid", !valid.contains(token) { #expect(!isVerified, "\(vector.label)") }
            if isVerified { accepted += 1 }
        }
        #expect(accepted >= atLeast)
    }

    /// Whether the token has the framing, the header and the signature of a valid one, whatever its payload is.
    private static func verifies(_ token: String, _ keys: [VerificationKey]) -> Bool {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), Base64URL.decode(parts[1]) != nil,
            let signature = Base64URL.decode(parts[2]), let parsed = try? TokenHeader(parsing: header.span),
            let candidates = try? KeySet(keys).candidates(id: parsed.keyID, algorithm: parsed.algorithm)
        else { return false }
        return candidates.contains { $0.verifies(signature, of: "\(parts[0]).\(parts[1])".utf8.span) }
    }

    /// Signatures: forged, malleable, wrongly padded, at the edges of the numbers.
    @Test(
        arguments: [
            ("rsa_signature_2048_sha256", Algorithm.rs256), ("rsa_signature_3072_sha256", .rs256),
            ("rsa_signature_4096_sha256", .rs256), ("rsa_pss_2048_sha256_mgf1_32", .ps256),
            ("rsa_pss_3072_sha256_mgf1_32", .ps256), ("rsa_pss_4096_sha256_mgf1_32", .ps256),
            ("ecdsa_secp256r1_sha256_p1363", .es256), ("ed25519", .edDSA),
        ])
    func signatures(file: String, algorithm: Algorithm) throws {
        let vectors = try Self.vectors(file)
        #expect(vectors.count > 50)
        for vector in vectors {
            guard var jwk = vector.group["publicKeyJwk"] ?? vector.group["keyJwk"],
                case .object(let members) = jwk
            else { continue }
            // Wycheproof names the keys of a file for its own hash.
            jwk = .object(members.filter { !["alg", "kid", "key_ops", "use"].contains($0.key) })
            let key = try Self.keys(jwk).first { $0.algorithm == algorithm }
            let isVerified = key?.verifies(vector.hex("sig"), of: vector.hex("msg").span) ?? false
            switch vector.result {
            case "valid": #expect(isVerified || key == nil, "\(file) \(vector.label)")
            case "invalid": #expect(!isVerified, "\(file) \(vector.label)")
            default: break
            }
        }
    }

    @Test func authenticationCodes() throws {
        for vector in try Self.vectors("hmac_sha256") {
            guard let key = try? VerificationKey.hmac(secret: vector.hex("key")) else { continue }
            let isVerified = key.verifies(vector.hex("tag"), of: vector.hex("msg").span)
            // A shortened code is valid elsewhere, not in a token.
            let isWhole = vector.hex("tag").count == 32
            #expect(isVerified == (vector.result == "valid" && isWhole), "\(vector.label)")
        }
    }
}
