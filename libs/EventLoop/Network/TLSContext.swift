internal import COpenSSL

/// Owns an OpenSSL context. Shared by the sessions made from it, on the loop alone.
@Loop @safe
final class TLSContext {
    let pointer: OpaquePointer

    init(_ method: OpaquePointer) throws(TransportError) {
        guard let pointer = unsafe SSL_CTX_new(method) else { throw TLSFailure.last("no TLS context") }
        unsafe self.pointer = pointer
        unsafe copenssl_ctx_set_min_proto_version(pointer, TLS1_2_VERSION)
        unsafe copenssl_ctx_no_renegotiation(pointer)
        // Without RELEASE_BUFFERS an idle session keeps 34 KB. The output buffer may move between attempts.
        unsafe copenssl_ctx_set_mode(
            pointer,
            Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ENABLE_PARTIAL_WRITE)
                | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    }

    isolated deinit { unsafe SSL_CTX_free(pointer) }
}

enum TLSFailure {
    /// The oldest entry of OpenSSL's error queue, which is left empty.
    static func last(_ message: String) -> TransportError {
        let code = ERR_get_error()
        defer { ERR_clear_error() }
        guard code != 0, let reason = unsafe ERR_reason_error_string(code) else {
            return TransportError(.tls, message)
        }
        return unsafe TransportError(.tls, "\(message): \(String(cString: reason))")
    }
}

/// PEM files: a certificate with its chain, and its private key.
package struct TLSIdentity: Sendable, Hashable {
    package let chain: String
    package let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }

    @Loop fileprivate func use(in context: TLSContext) throws(TransportError) {
        guard unsafe SSL_CTX_use_certificate_chain_file(context.pointer, chain) == 1,
            unsafe SSL_CTX_use_PrivateKey_file(context.pointer, key, SSL_FILETYPE_PEM) == 1,
            unsafe SSL_CTX_check_private_key(context.pointer) == 1
        else { throw TLSFailure.last("cannot use certificate \(chain) with key \(key)") }
    }
}

/// Settings of outgoing TLS connections: the peer's certificate must chain to a trusted root and carry the
/// name that was connected to.
package struct TLSClient: Sendable {
    private let context: TLSContext
    private let serverName: String?

    /// `authorities` is a PEM file of trusted roots, nil for the system's. `identity` is for servers that ask who the client
    /// is. `serverName` overrides the name that the certificate must carry.
    @Loop package init(
        authorities: String? = nil, identity: TLSIdentity? = nil, serverName: String? = nil
    ) throws(TransportError) {
        context = try unsafe TLSContext(TLS_client_method())
        self.serverName = serverName
        unsafe SSL_CTX_set_verify(context.pointer, SSL_VERIFY_PEER, nil)
        let loaded =
            if let authorities {
                unsafe SSL_CTX_load_verify_locations(context.pointer, authorities, nil)
            } else {
                unsafe SSL_CTX_set_default_verify_paths(context.pointer)
            }
        guard loaded == 1 else {
            throw TLSFailure.last("cannot read certificates of \(authorities ?? "the system")")
        }
        try identity?.use(in: context)
    }

    @Loop func makeSession(descriptor: Int32, host: String) throws(TransportError) -> TLSSession {
        let session = try TLSSession(context, descriptor: descriptor)
        try session.becomeClient(of: serverName ?? host)
        return session
    }
}

/// Settings of incoming TLS connections.
@Loop
package final class TLSServer {
    private let identity: TLSIdentity
    private var context: TLSContext

    package init(_ identity: TLSIdentity) throws(TransportError) {
        self.identity = identity
        context = try Self.context(identity)
    }

    /// Reads the files again, for the connections that follow; after an error the certificate is the one that it was.
    package func renew() throws(TransportError) { context = try Self.context(identity) }

    private static func context(_ identity: TLSIdentity) throws(TransportError) -> TLSContext {
        let context = try unsafe TLSContext(TLS_server_method())
        try identity.use(in: context)
        return context
    }

    func makeSession(descriptor: Int32) throws(TransportError) -> TLSSession {
        let session = try TLSSession(context, descriptor: descriptor)
        session.becomeServer()
        return session
    }
}
