internal import Bytes
package import EventLoop
package import HTTP
package import JOSE
internal import JSON

/// An issuer's published JWK set. It is fetched on first use, periodically by ``run()``, and when a token does not verify,
/// which may mean a rotation. When fetches fail, the previous set stays in use for a limited time.
///
/// ``run()`` also fetches the keys before the first request and removes withdrawn ones: within the interval of its
/// fetches while the issuer answers, else when the set is too old.
@Loop
package final class RemoteKeySet: KeySource {
    package struct Limits: Sendable {
        /// Time between the fetches of ``RemoteKeySet/run()``.
        package var refreshInterval: Duration = .seconds(600)
        /// Between two fetches because of tokens that do not verify: forged ones delay a rotation by as much.
        package var rotationInterval: Duration = .seconds(5)
        /// Of the keys; then nobody is authenticated.
        package var maximumAge: Duration = .seconds(86_400)
        /// Delay after a failed fetch.
        package var retryDelay: Duration = .seconds(2)
        /// Timeout of one HTTP request.
        package var fetchTimeout: Duration = .seconds(3)

        package init() {}
    }

    /// The path of an OpenID Connect Discovery 1.0 document.
    package static let discoveryPath = "/.well-known/openid-configuration"

    private let url: String
    private let issuer: String
    private let client: HTTPClient
    private let limits: Limits
    private var current: KeySet?
    private var fetchedAt: Instant?
    private var nextFetch = Instant(nanoseconds: .min)
    /// Because of a token that does not verify.
    private var nextRotationFetch = Instant(nanoseconds: .min)
    private var fetching: Task<KeySet?, Never>?
    /// Why the last fetch failed, or brought no key; nil after one that succeeded.
    package private(set) var failure: FetchFailure?
    /// Called after every fetch.
    package var onFetch: (@Loop () -> Void)?
    package var onChange: (@Loop (KeySet?) -> Void)?

    /// - Parameters:
    ///   - url: of the JWK set, or of the discovery document when it ends in ``discoveryPath``.
    ///   - issuer: the required `issuer` of the discovery document (its section 4.3).
    package init(
        url: String, issuer: String, client: HTTPClient, limits: Limits = Limits()
    ) {
        self.url = url
        self.issuer = issuer
        self.client = client
        self.limits = limits
    }

    /// Time since the last successful fetch; nil before the first one.
    package var age: Duration? { fetchedAt?.duration(to: Loop.now) }

    /// Whether tokens can be verified.
    package var isUsable: Bool { current?.keys.isEmpty == false }

    /// Fetches the keys periodically until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let succeeded = await beginFetch()?.value != nil
            if !succeeded { expire() }
            let pause =
                succeeded ? limits.refreshInterval : max(limits.retryDelay, Loop.now.duration(to: nextFetch))
            do { try await Loop.sleep(for: pause) } catch { return }
        }
    }

    package func keys() async throws(AuthenticationError) -> KeySet {
        if let current, !current.keys.isEmpty { return current }
        // With an empty set the issuer has withdrawn all: it is asked again as when a key is not known.
        if current != nil { return try await rotatedKeys() }
        return try await fetched()
    }

    package func rotatedKeys() async throws(AuthenticationError) -> KeySet {
        if let current, fetching == nil, failure == nil || failure == .empty {
            guard Loop.now >= nextRotationFetch else { return try Self.usable(current) }
            nextRotationFetch = Loop.now + limits.rotationInterval
        }
        return try await fetched()
    }

    private func fetched() async throws(AuthenticationError) -> KeySet {
        guard let keys = await beginFetch()?.value else { throw .unavailable }
        return try Self.usable(keys)
    }

    /// By an issuer without keys no token can be called invalid.
    private static func usable(_ keys: KeySet) throws(AuthenticationError) -> KeySet {
        guard !keys.keys.isEmpty else { throw .unavailable }
        return keys
    }

    /// Drops keys that are too old to be trusted.
    private func expire() {
        guard let age, age > limits.maximumAge, current != nil else { return }
        current = nil
        onChange?(nil)
        failure = FetchFailure("expired", "the keys are too old")
        onFetch?()
    }

    /// The fetch in progress, or a new one; nil soon after a failure.
    private func beginFetch() -> Task<KeySet?, Never>? {
        if let fetching { return fetching }
        guard Loop.now >= nextFetch else { return nil }
        let task = Loop.task { await self.fetch() }
        fetching = task
        return task
    }

    private func fetch() async -> KeySet? {
        defer { fetching = nil }
        do throws(FetchFailure) {
            let keys = try await fetchKeySet()
            current = keys
            fetchedAt = Loop.now
            nextFetch = Instant(nanoseconds: .min)
            // The issuer has said so: what it withdrew verifies nothing.
            failure = keys.keys.isEmpty ? .empty : nil
            onChange?(keys)
            onFetch?()
            return keys
        } catch {
            nextFetch = Loop.now + limits.retryDelay
            failure = error
            onFetch?()
            return nil
        }
    }

    private func fetchKeySet() async throws(FetchFailure) -> KeySet {
        let bytes = try await document(try await keySetURL())
        guard let set = try? KeySet(parsingJWKSet: bytes.span) else {
            throw FetchFailure("document", "the response is no JWK set")
        }
        return set
    }

    private func keySetURL() async throws(FetchFailure) -> String {
        guard url.hasSuffix(Self.discoveryPath) else { return url }
        let bytes = try await document(url)
        guard let value = try? JSONValue(parsing: bytes.span),
            value["issuer"]?.string?.hasSameBytes(as: issuer) == true,
            let keySetURL = value["jwks_uri"]?.string
        else { throw FetchFailure("document", "the response is no discovery document of this issuer") }
        guard keySetURL.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw FetchFailure("document", "the JWK set's URL does not use TLS")
        }
        return keySetURL
    }

    private func document(_ url: String) async throws(FetchFailure) -> [UInt8] {
        let response: HTTPClientResponse
        do throws(HTTPError) {
            response = try await client.get(
                url, headers: ["Accept": "application/json"], within: limits.fetchTimeout)
        } catch {
            let word =
                switch error.code {
                case .tls: "tls"
                case .protocolViolation, .tooLarge: "document"
                case .invalidRequest: "address"
                default: "unreachable"
                }
            throw FetchFailure(word, error.description)
        }
        guard response.status == .ok else {
            throw FetchFailure("status", "the response has the status \(response.status.code)")
        }
        return response.body
    }
}

/// Why an issuer's keys could not be fetched.
package struct FetchFailure: Error, Sendable, Equatable {
    /// In readiness: `unreachable`, `tls`, `address`, `status`, `document`, `empty`, `expired`.
    package let word: String
    /// For the log; it contains nothing of the response.
    package let reason: String

    init(_ word: String, _ reason: String) {
        self.word = word
        self.reason = reason
    }

    /// The issuer answers, and has withdrawn its keys.
    static let empty = FetchFailure("empty", "the JWK set has no usable key")
}
