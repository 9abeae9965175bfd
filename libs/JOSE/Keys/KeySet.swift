internal import Bytes
internal import JSON

/// Keys that verify tokens, from configuration or from an issuer's JWK set.
package struct KeySet: Sendable, Equatable {
    package let keys: [VerificationKey]

    package init(_ keys: [VerificationKey]) { self.keys = keys }

    /// Parses a JWK set (RFC 7517, section 5). Entries that are malformed, unsupported, too weak or not for verification
    /// are skipped, as are symmetric keys, because the document comes over the network, and those beyond
    /// ``maximumEntries``.
    ///
    /// Throws `malformed` unless the document is an object with an array `keys`.
    package init(parsingJWKSet document: Span<UInt8>) throws(JOSEError) {
        guard let set = try? JSONValue(parsing: document, limits: JSONLimits(depth: 16, bytes: 1 << 20)),
            let entries = set["keys"]?.array
        else { throw JOSEError(.malformed) }
        keys = entries.prefix(Self.maximumEntries).flatMap(VerificationKey.keys(of:))
    }

    private static let maximumEntries = 1_000
    /// Keys that are tried for one token: each costs a verification.
    private static let maximumCandidates = 4

    /// The keys for a token with this header: those with the token's `kid`, or those that may be meant when either has
    /// none.
    func candidates(id: String?, algorithm: Algorithm) throws(JOSEError) -> [VerificationKey] {
        var candidates = keys
        if let id {
            let named = keys.filter { $0.id?.hasSameBytes(as: id) == true }
            candidates = named.isEmpty ? keys.filter { $0.id == nil } : named
        }
        let fitting = candidates.filter { $0.algorithm == algorithm }
        guard !fitting.isEmpty else {
            throw JOSEError(candidates.isEmpty ? .unknownKey : .unsupportedAlgorithm)
        }
        return Array(fitting.prefix(Self.maximumCandidates))
    }
}

extension VerificationKey {
    /// RFC 7517, section 4; RFC 7518, section 6; RFC 8037, section 2. Empty for an unusable key; two for an RSA key without
    /// `alg`, which serves its family.
    fileprivate static func keys(of jwk: JSONValue) -> [VerificationKey] {
        func bytes(_ name: String) -> [UInt8]? { jwk[name]?.string.flatMap { Base64URL.decode($0) } }
        func text(_ name: String) -> ByteString? { jwk[name]?.string.map { ByteString($0) } }
        if jwk["use"] != nil, text("use") != "sig" { return [] }
        if let operations = jwk["key_ops"], operations.array?.contains("verify") != true { return [] }
        var declared: Algorithm?
        if let name = jwk["alg"] {
            guard let algorithm = name.string.flatMap(Algorithm.init(rawValue:)) else { return [] }
            declared = algorithm
        }
        let id = jwk["kid"]?.string
        var keys: [VerificationKey?] = []
        switch (text("kty"), text("crv")) {
        case ("RSA", _):
            guard let n = bytes("n"), let e = bytes("e") else { return [] }
            keys = [Algorithm.rs256, .ps256].map { try? .rsa(modulus: n, exponent: e, algorithm: $0, id: id) }
        case ("EC", "P-256"):
            guard let x = bytes("x"), let y = bytes("y") else { return [] }
            keys = [try? .p256(x: x, y: y, id: id)]
        case ("OKP", "Ed25519"):
            guard let x = bytes("x") else { return [] }
            keys = [try? .ed25519(x, id: id)]
        default: return []
        }
        return keys.compactMap(\.self).filter { declared == nil || declared == $0.algorithm }
    }
}
