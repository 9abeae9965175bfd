internal import CLinux
internal import Dispatch
internal import Glibc

extension Loop {
    /// The addresses of an endpoint, in the system's order of preference. A numeric host resolves at
    /// once; a name is looked up on another thread, and abandoned after `timeout` (the thread ends by itself).
    @Loop package static func resolve(
        _ endpoint: Endpoint, timeout: Duration = .seconds(5)
    ) async throws(TransportError) -> [SocketAddress] {
        if let numeric = lookUp(endpoint, flags: AI_NUMERICHOST).addresses { return numeric }
        let lookups = WaiterQueue<Lookup>()
        let result = await lookups.wait(
            until: now + timeout,
            enqueued: { _ in
                DispatchQueue.global().async {
                    let found = lookUp(endpoint, flags: AI_ADDRCONFIG)
                    Task { @Loop in lookups.resumeFirst(returning: found) }
                }
            })
        guard case .value(let answer) = result else {
            throw TransportError(.unresolved, "cannot resolve \(endpoint.host): no answer within \(timeout)")
        }
        guard let addresses = answer.addresses, !addresses.isEmpty else {
            let reason = unsafe String(cString: gai_strerror(answer.code))
            throw TransportError(.unresolved, "cannot resolve \(endpoint.host): \(reason)")
        }
        return addresses
    }
}

private struct Lookup: Sendable {
    var addresses: [SocketAddress]?
    var code: Int32
}

/// Blocks unless `flags` say that the host is numeric.
private func lookUp(_ endpoint: Endpoint, flags: Int32) -> Lookup {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = flags | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
    guard code == 0 else { return Lookup(addresses: nil, code: code) }
    let first = unsafe list
    defer { unsafe freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    while let entry = unsafe list?.pointee {
        unsafe addresses.append(SocketAddress(copying: entry.ai_addr, length: entry.ai_addrlen))
        unsafe list = entry.ai_next
    }
    return Lookup(addresses: addresses, code: 0)
}
