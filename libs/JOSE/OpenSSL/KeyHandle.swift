internal import COpenSSL

/// Owns one `EVP_PKEY`.
@safe final class KeyHandle: Sendable {
    /// Immutable after `init`; each operation has a context of its own, as openssl-threads(7) requires of a key that
    /// threads share.
    nonisolated(unsafe) let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe EVP_PKEY_free(pointer) }

    var bits: Int { Int(unsafe EVP_PKEY_get_bits(pointer)) }
}

/// Runs one operation between two clearings of the thread's OpenSSL error queue.
func withCleanErrors<Value: ~Copyable>(_ body: () -> Value) -> Value {
    ERR_clear_error()
    defer { ERR_clear_error() }
    return body()
}

extension KeyHandle {
    /// A public key from its SubjectPublicKeyInfo; `nil` when that is malformed or its point is not on the curve. An
    /// RSA modulus is not tested for small factors: that takes milliseconds and adds nothing for a trusted issuer.
    static func decode(_ info: [UInt8]) -> KeyHandle? {
        withCleanErrors {
            let pointer = unsafe info.withUnsafeBufferPointer { info in
                var next = info.baseAddress
                return unsafe d2i_PUBKEY(nil, &next, info.count)
            }
            guard let pointer = unsafe pointer else { return nil }
            let key = unsafe KeyHandle(adopting: pointer)
            guard unsafe EVP_PKEY_get_base_id(pointer) == EVP_PKEY_EC else { return key }
            guard let check = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil) else { return nil }
            defer { unsafe EVP_PKEY_CTX_free(check) }
            return unsafe EVP_PKEY_public_check(check) == 1 ? key : nil
        }
    }

    /// An Ed25519 public key from its 32 bytes.
    static func ed25519(_ bytes: [UInt8]) -> KeyHandle? {
        withCleanErrors {
            unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count).map {
                unsafe KeyHandle(adopting: $0)
            }
        }
    }

    /// A parameter of the key (`n`, `e`, `qx`, `qy`), big-endian, left-padded to `width` bytes when given.
    func number(_ name: String, width: Int? = nil) -> [UInt8]? {
        withCleanErrors {
            var integer: OpaquePointer?
            guard unsafe EVP_PKEY_get_bn_param(pointer, name, &integer) == 1, let integer = unsafe integer
            else { return nil }
            defer { unsafe BN_free(integer) }
            let count = width ?? (Int(unsafe BN_num_bits(integer)) + 7) / 8
            var bytes = [UInt8](repeating: 0, count: count)
            return unsafe BN_bn2binpad(integer, &bytes, CInt(count)) == CInt(count) ? bytes : nil
        }
    }

    /// The 32 bytes of an Ed25519 public key.
    func rawPublicKey() -> [UInt8]? {
        withCleanErrors {
            var bytes = [UInt8](repeating: 0, count: 32)
            var count = bytes.count
            return unsafe EVP_PKEY_get_raw_public_key(pointer, &bytes, &count) == 1 && count == 32
                ? bytes : nil
        }
    }

    /// Generates a key pair for `algorithm`; RSA has 2048 bits.
    static func generate(_ algorithm: Algorithm) -> KeyHandle? {
        withCleanErrors {
            let type: CInt =
                switch algorithm {
                case .hs256: EVP_PKEY_NONE
                case .rs256, .ps256: EVP_PKEY_RSA
                case .es256: EVP_PKEY_EC
                case .edDSA: EVP_PKEY_ED25519
                }
            guard let context = unsafe EVP_PKEY_CTX_new_id(type, nil) else { return nil }
            defer { unsafe EVP_PKEY_CTX_free(context) }
            guard unsafe EVP_PKEY_keygen_init(context) == 1 else { return nil }
            if type == EVP_PKEY_RSA {
                guard unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1 else { return nil }
            }
            if type == EVP_PKEY_EC {
                guard unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1
                else { return nil }
            }
            var pointer: OpaquePointer?
            guard unsafe EVP_PKEY_keygen(context, &pointer) == 1, let pointer = unsafe pointer else {
                return nil
            }
            return unsafe KeyHandle(adopting: pointer)
        }
    }
}
