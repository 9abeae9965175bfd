internal import COpenSSL
internal import Glibc

/// One TLS connection on a non-blocking socket, which it does not own.
@Loop @safe
final class TLSSession {
    enum Handshake {
        case done, wantsRead, wantsWrite
        case failed(TransportError)
    }

    private let context: TLSContext
    private let ssl: OpaquePointer
    /// After a fatal error OpenSSL must not be asked to shut the session down.
    private var hasFailed = false

    init(_ context: TLSContext, descriptor: Int32) throws(TransportError) {
        guard let ssl = unsafe SSL_new(context.pointer) else { throw TLSFailure.last("no TLS session") }
        self.context = context
        unsafe self.ssl = ssl
        unsafe SSL_set_fd(ssl, descriptor)
    }

    isolated deinit { unsafe SSL_free(ssl) }

    func becomeServer() { unsafe SSL_set_accept_state(ssl) }

    func becomeClient(of host: String) throws(TransportError) {
        unsafe SSL_set_connect_state(ssl)
        // A name is one of the subject's alternative names, never its common name (RFC 9525, section 6.3).
        unsafe SSL_set_hostflags(
            ssl, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        let isNumeric = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        let accepted =
            if isNumeric {
                unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
            } else {
                // SNI carries names only.
                unsafe copenssl_set_tlsext_host_name(ssl, host) & SSL_set1_host(ssl, host)
            }
        guard accepted == 1 else { throw TLSFailure.last("cannot verify \(host)") }
    }

    func handshake() -> Handshake {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 { return .done }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default:
            hasFailed = true
            let result = unsafe SSL_get_verify_result(ssl)
            if result != Int(X509_V_OK) {
                ERR_clear_error()
                let reason = unsafe String(cString: X509_verify_cert_error_string(result))
                return .failed(TransportError(.tls, "the certificate was not accepted: \(reason)"))
            }
            return .failed(TLSFailure.last("TLS handshake failed"))
        }
    }

    /// Decrypted bytes that wait inside OpenSSL, where epoll does not see them.
    var hasPending: Bool { unsafe SSL_pending(ssl) > 0 }

    func read(_ buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        let count = unsafe SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .bytes(Int(count)) : failure(count)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        let count = unsafe SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        return count > 0 ? .bytes(Int(count)) : failure(count)
    }

    private func failure(_ result: Int32) -> TransferResult {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .blocked
        case SSL_ERROR_ZERO_RETURN: return .ended
        case SSL_ERROR_SYSCALL:
            hasFailed = true
            let code = errno
            ERR_clear_error()
            return code == 0 ? .ended : .failed(TransportError(.system(code), "connection lost"))
        default:
            hasFailed = true
            return .failed(TLSFailure.last("TLS failed"))
        }
    }

    /// Sends close_notify, once, without waiting for the peer's.
    func shutDown() {
        guard !hasFailed, unsafe SSL_is_init_finished(ssl) == 1 else { return }
        hasFailed = true
        _ = unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }
}
