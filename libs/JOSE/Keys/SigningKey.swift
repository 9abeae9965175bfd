package import JSON

/// A key that signs tokens, for the development profile, the command-line tool and tests.
package struct SigningKey: Sendable {
    package let algorithm: Algorithm
    package let id: String?
    /// Verifies this key's signatures.
    package let verificationKey: VerificationKey
    /// The public key as a JWK (RFC 7517); `nil` for a symmetric key.
    package let jwk: JSONValue?
    private let material: Material

    private enum Material: Sendable {
        case secret([UInt8])
        case pair(KeyHandle)
    }

    /// HS256 with a secret of at least 32 bytes.
    package static func hmac(secret: [UInt8], id: String? = nil) throws(JOSEError) -> SigningKey {
        SigningKey(
            algorithm: .hs256, id: id, verificationKey: try .hmac(secret: secret, id: id), jwk: nil,
            material: .secret(secret))
    }

    /// Generates a key for `algorithm`; RSA takes tens of milliseconds.
    package static func generate(_ algorithm: Algorithm, id: String? = nil) throws(JOSEError) -> SigningKey {
        if algorithm == .hs256 { return try hmac(secret: SecureRandom.bytes(32), id: id) }
        guard let key = KeyHandle.generate(algorithm) else { throw JOSEError(.cryptography) }
        let verification: VerificationKey
        var members: [(String, [UInt8])] = []
        let type: String
        switch algorithm {
        case .hs256, .rs256, .ps256:
            guard let n = key.number("n"), let e = key.number("e") else { throw JOSEError(.cryptography) }
            (type, members) = ("RSA", [("n", n), ("e", e)])
            verification = try .rsa(modulus: n, exponent: e, algorithm: algorithm, id: id)
        case .es256:
            guard let x = key.number("qx", width: 32), let y = key.number("qy", width: 32) else {
                throw JOSEError(.cryptography)
            }
            (type, members) = ("EC", [("x", x), ("y", y)])
            verification = try .p256(x: x, y: y, id: id)
        case .edDSA:
            guard let x = key.rawPublicKey() else { throw JOSEError(.cryptography) }
            (type, members) = ("OKP", [("x", x)])
            verification = try .ed25519(x, id: id)
        }
        var jwk: [JSONValue.Member] = [.init("kty", .string(type)), .init("use", "sig")]
        jwk.append(.init("alg", .string(algorithm.rawValue)))
        if let id { jwk.append(.init("kid", .string(id))) }
        if algorithm == .es256 { jwk.append(.init("crv", "P-256")) }
        if algorithm == .edDSA { jwk.append(.init("crv", "Ed25519")) }
        for (name, value) in members { jwk.append(.init(name, .string(Base64URL.encode(value)))) }
        return SigningKey(
            algorithm: algorithm, id: id, verificationKey: verification, jwk: .object(jwk),
            material: .pair(key))
    }

    /// A compact JWS whose payload is the object with the members that `claims` writes.
    package func sign(claims: (inout JSONWriter) -> Void) throws(JOSEError) -> String {
        let header = JSONWriter.encode { writer in
            writer.object { writer in
                writer.field("alg", algorithm.rawValue)
                writer.field("typ", "JWT")
                if let id { writer.field("kid", id) }
            }
        }
        return try sign(header: header, payload: JSONWriter.encode { $0.object(claims) })
    }

    /// A compact JWS of exactly these bytes; the header is not checked.
    package func sign(header: [UInt8], payload: [UInt8]) throws(JOSEError) -> String {
        var token = Base64URL.encodedBytes(header.span)
        token.append(UInt8(ascii: "."))
        token += Base64URL.encodedBytes(payload.span)
        let signature = try signature(of: token.span)
        token.append(UInt8(ascii: "."))
        token += Base64URL.encodedBytes(signature.span)
        return String(decoding: token, as: UTF8.self)
    }

    /// The signature in its JWS encoding.
    func signature(of message: Span<UInt8>) throws(JOSEError) -> [UInt8] {
        let signature: [UInt8]? =
            switch material {
            case .secret(let secret): SHA256.authenticationCode(of: message, secret: secret)
            case .pair(let key):
                algorithm == .es256
                    ? key.sign(message, by: algorithm).flatMap(ECDSASignature.raw(der:))
                    : key.sign(message, by: algorithm)
            }
        guard let signature else { throw JOSEError(.cryptography) }
        return signature
    }
}
