internal import JSON

/// The parameters of a JOSE header that a verifier needs (RFC 7515, section 4). Embedded keys (`jwk`, `jku`, `x5c`,
/// `x5u`) are ignored.
struct TokenHeader {
    var algorithm: Algorithm
    var keyID: String?

    init(parsing bytes: Span<UInt8>) throws(JOSEError) {
        var algorithm: String?
        var keyID: String?
        var isSupported = true
        do {
            try JSONReader.read(bytes, limits: JSONLimits(depth: 8)) { (reader) throws(JSONError) in
                try reader.object { (reader, name) throws(JSONError) in
                    switch name {
                    case "alg": algorithm = try reader.string()
                    case "kid": keyID = try reader.string()
                    case "typ": isSupported = Self.isAccessToken(try reader.string()) && isSupported
                    case "crit":
                        isSupported = false
                        try reader.skip()
                    default: try reader.skip()
                    }
                }
            }
        } catch {
            throw JOSEError(.malformed)
        }
        guard let algorithm else { throw JOSEError(.malformed) }
        guard let supported = Algorithm(rawValue: algorithm) else { throw JOSEError(.unsupportedAlgorithm) }
        guard isSupported else { throw JOSEError(.unsupportedHeader) }
        self.algorithm = supported
        self.keyID = keyID
    }

    /// RFC 7519, section 5.1 and RFC 9068, section 2.1. Media types are case-insensitive.
    private static func isAccessToken(_ type: String) -> Bool {
        ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(type.lowercased())
    }
}
