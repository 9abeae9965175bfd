internal import Bytes

/// A key that verifies signatures of one algorithm only (RFC 8725, section 3.1).
package struct VerificationKey: Sendable, Equatable {
    package let algorithm: Algorithm
    /// The `kid`, if the key has one.
    package let id: String?
    private let material: Material
    /// The public parameters, or a digest of the secret, for comparison.
    private let fingerprint: [UInt8]

    /// Names the key in few bytes, for what has to remember which key it trusted.
    package let tag: UInt64

    private init(algorithm: Algorithm, id: String?, material: Material, fingerprint: [UInt8]) {
        self.algorithm = algorithm
        self.id = id
        self.material = material
        self.fingerprint = fingerprint
        let name = Array("\(algorithm.rawValue) \(id ?? "") ".utf8) + fingerprint
        tag = SHA256.digest(of: name).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private enum Material: Sendable {
        case secret([UInt8])
        case pair(KeyHandle)
    }

    /// HS256 with a secret of at least 32 bytes (RFC 7518, section 3.2).
    package static func hmac(secret: [UInt8], id: String? = nil) throws(JOSEError) -> VerificationKey {
        guard secret.count >= 32 else { throw JOSEError(.invalidKey) }
        return VerificationKey(
            algorithm: .hs256, id: id, material: .secret(secret), fingerprint: SHA256.digest(of: secret))
    }

    /// RS256 or PS256 with an odd modulus of 2048 to 8192 bits and an odd exponent above 1; both big-endian.
    package static func rsa(
        modulus: [UInt8], exponent: [UInt8], algorithm: Algorithm = .rs256, id: String? = nil
    ) throws(JOSEError) -> VerificationKey {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        guard algorithm == .rs256 || algorithm == .ps256, (256...1024).contains(modulus.count),
            (1...8).contains(exponent.count), exponent != [1], modulus[modulus.count - 1] & 1 == 1,
            exponent[exponent.count - 1] & 1 == 1,
            let key = KeyHandle.decode(DER.rsaKey(modulus: modulus, exponent: exponent)),
            (2048...8192).contains(key.bits)
        else { throw JOSEError(.invalidKey) }
        return VerificationKey(
            algorithm: algorithm, id: id, material: .pair(key), fingerprint: modulus + exponent)
    }

    /// ES256 with a point on P-256, 32 bytes per coordinate.
    package static func p256(x: [UInt8], y: [UInt8], id: String? = nil) throws(JOSEError) -> VerificationKey {
        guard x.count == 32, y.count == 32,
            let key = KeyHandle.decode(DER.p256Key(x: x, y: y))
        else { throw JOSEError(.invalidKey) }
        return VerificationKey(algorithm: .es256, id: id, material: .pair(key), fingerprint: x + y)
    }

    /// EdDSA with an Ed25519 key of 32 bytes.
    package static func ed25519(_ bytes: [UInt8], id: String? = nil) throws(JOSEError) -> VerificationKey {
        guard bytes.count == 32, !Ed25519.hasSmallOrder(bytes), let key = KeyHandle.ed25519(bytes) else {
            throw JOSEError(.invalidKey)
        }
        return VerificationKey(algorithm: .edDSA, id: id, material: .pair(key), fingerprint: bytes)
    }

    package static func == (left: VerificationKey, right: VerificationKey) -> Bool {
        left.algorithm == right.algorithm && left.id.map { ByteString($0) } == right.id.map { ByteString($0) }
            && left.fingerprint == right.fingerprint
    }

    /// Whether `signature`, in its JWS encoding, is this key's signature of `message`.
    func verifies(_ signature: [UInt8], of message: Span<UInt8>) -> Bool {
        switch material {
        case .secret(let secret):
            guard let code = SHA256.authenticationCode(of: message, secret: secret) else { return false }
            return SHA256.equal(code, signature)
        case .pair(let key):
            switch algorithm {
            case .es256:
                guard let der = ECDSASignature.der(raw: signature) else { return false }
                return key.verifies(der.span, of: message, by: algorithm)
            case .rs256, .ps256:
                // OpenSSL accepts a PSS signature whose leading zeros are missing, hence several texts for one token.
                return signature.count == (key.bits + 7) / 8
                    && key.verifies(signature.span, of: message, by: algorithm)
            case .edDSA, .hs256: return key.verifies(signature.span, of: message, by: algorithm)
            }
        }
    }
}
