internal import JSON

/// Keys that verify tokens, from configuration or from an issuer's JWK set.
package struct KeySet: Sendable, Equatable {
    package let keys: [VerificationKey]

    package init(_ keys: [VerificationKey]) { self.keys = keys }

    /// Parses a JWK set (RFC 7517, section 5). Keys that are unsupported, too weak or not for verification are skipped,
    /// as are symmetric keys, because the document comes over the network. A key without `alg` gets its type's default
    /// (RSA: RS256).
    ///
    /// Throws `malformed` unless the document is an object with an array `keys` of at most 64 objects.
    package init(parsingJWKSet document: Span<UInt8>) throws(JOSEError) {
        guard let set = try? JSONValue(parsing: document, limits: JSONLimits(depth: 8, bytes: 1 << 18)),
            let entries = set["keys"]?.array, entries.count <= 64, entries.allSatisfy({ $0.members != nil })
        else { throw JOSEError(.malformed) }
        keys = entries.compactMap(VerificationKey.init(jwk:))
    }

    /// The key for a token with this header: the one with the token's `kid`, or the only candidate when either has
    /// none.
    func key(id: String?, algorithm: Algorithm) throws(JOSEError) -> VerificationKey {
        if let id {
            let matchingID = keys.filter { $0.id.map { $0.utf8.elementsEqual(id.utf8) } ?? false }
            if let key = matchingID.first(where: { $0.algorithm == algorithm }) { return key }
            guard matchingID.isEmpty else { throw JOSEError(.unsupportedAlgorithm) }
        }
        let candidates = keys.filter { $0.id == nil || id == nil }
        let matches = candidates.filter { $0.algorithm == algorithm }
        guard matches.count == 1 else {
            throw JOSEError(matches.isEmpty && !candidates.isEmpty ? .unsupportedAlgorithm : .unknownKey)
        }
        return matches[0]
    }
}

extension VerificationKey {
    /// RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2. `nil` for an unusable key.
    fileprivate init?(jwk: JSONValue) {
        func bytes(_ name: String) -> [UInt8]? { jwk[name]?.string.flatMap { Base64URL.decode($0) } }
        if let use = jwk["use"], use.string != "sig" { return nil }
        if let operations = jwk["key_ops"], operations.array?.contains("verify") != true { return nil }
        var declared: Algorithm?
        if let name = jwk["alg"] {
            guard let algorithm = name.string.flatMap(Algorithm.init(rawValue:)) else { return nil }
            declared = algorithm
        }
        let id = jwk["kid"]?.string
        let key: VerificationKey?
        switch (jwk["kty"]?.string, jwk["crv"]?.string) {
        case ("RSA", _):
            guard let n = bytes("n"), let e = bytes("e") else { return nil }
            key = try? .rsa(modulus: n, exponent: e, algorithm: declared ?? .rs256, id: id)
        case ("EC", "P-256"):
            guard let x = bytes("x"), let y = bytes("y") else { return nil }
            key = try? .p256(x: x, y: y, id: id)
        case ("OKP", "Ed25519"):
            guard let x = bytes("x") else { return nil }
            key = try? .ed25519(x, id: id)
        default: return nil
        }
        guard let key, declared == nil || declared == key.algorithm else { return nil }
        self = key
    }
}
