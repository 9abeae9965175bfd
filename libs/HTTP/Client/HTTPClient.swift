package import EventLoop

/// A complete response.
package struct HTTPClientResponse: Sendable {
    package let status: HTTPStatus
    package let headers: HTTPReceivedHeaders
    package let body: [UInt8]

    /// The body as text; bytes that are not UTF-8 become U+FFFD.
    package var text: String { String(repairing: body.span) }
}

/// A response whose body is still arriving.
package struct HTTPStreamedResponse: Sendable {
    package let status: HTTPStatus
    package let headers: HTTPReceivedHeaders
    package let body: HTTPBodyStream
}

/// An HTTP/1.1 client with a bounded pool of connections per origin. Redirects are not followed.
///
/// ```swift
/// let client = HTTPClient()
/// let keys = try await client.get("https://id.example.com/jwks.json", within: .seconds(5))
/// ```
@Loop
package final class HTTPClient {
    package struct Configuration: Sendable {
        /// How to verify https servers; nil for the system's trusted roots.
        package var tls: TLSClient?
        package var connectTimeout = Duration.seconds(5)
        /// Concurrent exchanges with one origin; more wait.
        package var maxConnectionsPerOrigin = 16
        /// Requests that may wait; one more throws `.overloaded`.
        package var maxWaitingPerOrigin = 256
        /// How long an unused connection is kept.
        package var idleTimeout = Duration.seconds(30)
        package var head = HTTPHeadLimits()
        /// Largest body that is collected, in bytes.
        package var bodyLimit = 1 << 20

        package init() {}
    }

    private struct Origin: Hashable {
        var endpoint: Endpoint
        var isSecure: Bool
    }

    private let configuration: Configuration
    private var pools: [Origin: ConnectionPool] = [:]
    private var systemTLS: TLSClient?

    package init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    package func get(
        _ url: String, headers: HTTPHeaders = HTTPHeaders(), within limit: Duration = .seconds(10)
    ) async throws(HTTPError) -> HTTPClientResponse {
        try await send(.get, url, headers: headers, within: limit)
    }

    package func post(
        _ url: String, contentType: String, _ body: [UInt8], headers: HTTPHeaders = HTTPHeaders(),
        within limit: Duration = .seconds(10)
    ) async throws(HTTPError) -> HTTPClientResponse {
        var headers = headers
        headers.set("Content-Type", contentType)
        return try await send(.post, url, headers: headers, body: body, within: limit)
    }

    /// Sends a request and collects the response; `limit` covers all of it, waiting and connecting included.
    ///
    /// An idempotent request is sent once more when a kept connection turns out to be closed.
    package func send(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [],
        within limit: Duration = .seconds(10)
    ) async throws(HTTPError) -> HTTPClientResponse {
        let deadline = Loop.now + limit
        let (head, stream) = try await begin(method, url, headers, body, deadline).response
        let collected = try await stream.collect(limit: configuration.bodyLimit)
        return HTTPClientResponse(status: head.status, headers: head.headers, body: collected)
    }

    /// Sends a request and returns the response as soon as its head has arrived.
    ///
    /// - Parameter limit: for the head. The body has none: a stream of events may last for hours.
    package func stream(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [],
        within limit: Duration = .seconds(10)
    ) async throws(HTTPError) -> HTTPStreamedResponse {
        let (connection, (head, stream)) = try await begin(method, url, headers, body, Loop.now + limit)
        connection.setDeadline(nil)
        return HTTPStreamedResponse(status: head.status, headers: head.headers, body: stream)
    }

    /// Closes the idle connections; those in use close with their exchange.
    package func close() {
        for pool in pools.values { pool.close() }
        pools = [:]
    }

    private func begin(
        _ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, _ body: [UInt8], _ deadline: Instant
    ) async throws(HTTPError) -> (
        connection: HTTPClientConnection, response: (HTTPResponseHead, HTTPBodyStream)
    ) {
        let address = try HTTPURL(url)
        let request = Self.encode(method, address, headers, body)
        let pool = try pool(of: address)
        let connection = try await pool.acquire(fresh: false, deadline: deadline)
        do throws(HTTPError) {
            return (connection, try await connection.send(method, request, deadline: deadline))
        } catch {
            // The server closed the kept connection before it read this request.
            guard error.code == .connectionClosed, connection.exchanges > 1, !connection.hasResponse,
                method != .post, method != .patch
            else { throw error }
        }
        let second = try await pool.acquire(fresh: true, deadline: deadline)
        return (second, try await second.send(method, request, deadline: deadline))
    }

    private func pool(of address: HTTPURL) throws(HTTPError) -> ConnectionPool {
        let origin = Origin(endpoint: address.endpoint, isSecure: address.isSecure)
        if let pool = pools[origin] { return pool }
        if pools.count > 64 { pools = pools.filter { !$0.value.isUnused } }
        let pool = ConnectionPool(address, configuration, tls: try tls(for: address))
        pools[origin] = pool
        return pool
    }

    private func tls(for address: HTTPURL) throws(HTTPError) -> TLSClient? {
        guard address.isSecure else { return nil }
        if let tls = configuration.tls ?? systemTLS { return tls }
        do throws(TransportError) {
            systemTLS = try TLSClient()
            return systemTLS
        } catch {
            throw HTTPError(.unreachable, error.description)
        }
    }

    private static func encode(
        _ method: HTTPMethod, _ address: HTTPURL, _ headers: HTTPHeaders, _ body: [UInt8]
    ) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(256 + headers.bytes.count + body.count)
        out.append(ascii: "\(method.name) \(address.target) HTTP/1.1\r\n")
        if !headers.contains("Host") { out.append(ascii: "Host: \(address.authority)\r\n") }
        out.append(contentsOf: headers.bytes)
        if !body.isEmpty || method == .post || method == .put || method == .patch {
            MessageEncoder.append(.length(body.count), to: &out)
        }
        out.append(ascii: "\r\n")
        out.append(contentsOf: body)
        return out
    }
}
