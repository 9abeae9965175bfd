internal import COpenSSL

/// Owns one `EVP_MD_CTX`.
@safe private struct DigestContext: ~Copyable {
    let pointer: OpaquePointer

    init?() {
        guard let pointer = unsafe EVP_MD_CTX_new() else { return nil }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_MD_CTX_free(pointer) }
}

extension KeyHandle {
    /// Whether `signature`, in OpenSSL's encoding (DER for ECDSA), is this key's signature of `message`. OpenSSL
    /// returns 1 for a valid signature; 0 and negative values count as invalid.
    func verifies(_ signature: Span<UInt8>, of message: Span<UInt8>, by algorithm: Algorithm) -> Bool {
        withCleanErrors {
            guard let context = DigestContext() else { return false }
            var operation: OpaquePointer?
            guard
                unsafe EVP_DigestVerifyInit(context.pointer, &operation, algorithm.digest, nil, pointer) == 1,
                unsafe algorithm.configure(operation)
            else { return false }
            return unsafe signature.withUnsafeBufferPointer { signature in
                unsafe message.withUnsafeBufferPointer { message in
                    unsafe EVP_DigestVerify(
                        context.pointer, signature.baseAddress, signature.count, message.baseAddress,
                        message.count)
                        == 1
                }
            }
        }
    }

    /// The signature in OpenSSL's encoding, or `nil` when this is no private key for `algorithm`.
    func sign(_ message: Span<UInt8>, by algorithm: Algorithm) -> [UInt8]? {
        withCleanErrors {
            guard let context = DigestContext() else { return nil }
            var operation: OpaquePointer?
            guard
                unsafe EVP_DigestSignInit(context.pointer, &operation, algorithm.digest, nil, pointer) == 1,
                unsafe algorithm.configure(operation)
            else { return nil }
            return unsafe message.withUnsafeBufferPointer { message in
                var signature = [UInt8](repeating: 0, count: 1024)
                var count = signature.count
                guard
                    unsafe EVP_DigestSign(
                        context.pointer, &signature, &count, message.baseAddress, message.count) == 1
                else { return nil }
                return Array(signature.prefix(count))
            }
        }
    }
}

extension Algorithm {
    /// `nil` for Ed25519, which includes its hash function.
    fileprivate var digest: OpaquePointer? { self == .edDSA ? nil : unsafe EVP_sha256() }

    /// RFC 7518, section 3.5: the salt is as long as the digest, MGF1 uses the same hash.
    fileprivate func configure(_ operation: OpaquePointer?) -> Bool {
        guard self == .ps256 else { return true }
        guard unsafe EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING) == 1,
            unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, RSA_PSS_SALTLEN_DIGEST) == 1
        else { return false }
        return unsafe EVP_PKEY_CTX_set_rsa_mgf1_md(operation, EVP_sha256()) == 1
    }
}
