package import EventLoop
package import HTTP
package import JOSE
internal import JSON

/// The keys that an issuer publishes: fetched when first needed, again when they are old, and when a token
/// names a key that is not among them, which is how a rotation shows. What was fetched last is good until
/// something newer can be had.
///
/// While ``run()`` runs, keys are there before the first request and withdrawn ones go.
@Loop
package final class RemoteKeySet: KeySource {
    package struct Limits: Sendable {
        /// How often ``RemoteKeySet/run()`` fetches.
        package var freshFor: Duration = .seconds(600)
        /// At most one fetch in this time, whatever strangers write into their tokens.
        package var atMostEvery: Duration = .seconds(30)
        /// After a fetch that failed.
        package var retryAfter: Duration = .seconds(2)
        /// For a document to arrive.
        package var patience: Duration = .seconds(3)

        package init() {}
    }

    /// The path that makes an address one of OpenID Connect Discovery 1.0.
    package static let discoveryPath = "/.well-known/openid-configuration"

    private let address: String
    private let issuer: String
    private let client: HTTPClient
    private let limits: Limits
    private var held: KeySet?
    private var fetchedAt: Instant?
    private var nextFetch = Instant(nanoseconds: .min)
    private var fetching: Task<KeySet?, Never>?
    /// Told of every fetch: nil, or why it failed. Never what the issuer said.
    package var onFetch: (@Loop (_ failure: String?) -> Void)?
    package var onChange: (@Loop (KeySet) -> Void)?

    /// - Parameters:
    ///   - address: of the JWK set, or of the discovery document when it ends in ``discoveryPath``.
    ///   - issuer: what the discovery document must say it is (section 4.3 there).
    package init(
        address: String, issuer: String, client: HTTPClient, limits: Limits = Limits()
    ) {
        self.address = address
        self.issuer = issuer
        self.client = client
        self.limits = limits
    }

    /// The age of the keys in force; nil before the first fetch.
    package var age: Duration? { fetchedAt?.duration(to: Loop.now) }

    /// Keeps the keys fresh until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let isDone = await beginFetch()?.value != nil
            let pause = isDone ? limits.freshFor : max(limits.retryAfter, Loop.now.duration(to: nextFetch))
            do { try await Loop.sleep(for: pause) } catch { return }
        }
    }

    package func keys(refreshing: Bool) async throws(AuthenticationError) -> KeySet {
        if let held, !refreshing { return held }
        guard let keys = await beginFetch()?.value ?? held else { throw .unavailable }
        return keys
    }

    /// The fetch under way, or a new one; nil when it is too early for one.
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
            let keys = try await published()
            held = keys
            fetchedAt = Loop.now
            nextFetch = Loop.now + limits.atMostEvery
            onChange?(keys)
            onFetch?(nil)
            return keys
        } catch {
            nextFetch = Loop.now + limits.retryAfter
            onFetch?(error.reason)
            return nil
        }
    }

    private func published() async throws(FetchFailure) -> KeySet {
        let bytes = try await document(try await keySetAddress())
        guard let set = try? KeySet(parsingJWKSet: bytes.span) else { throw FetchFailure("no JWK set") }
        guard !set.keys.isEmpty else { throw FetchFailure("no key that can be used") }
        return set
    }

    private func keySetAddress() async throws(FetchFailure) -> String {
        guard address.hasSuffix(Self.discoveryPath) else { return address }
        let bytes = try await document(address)
        guard let value = try? JSONValue(parsing: bytes.span), value["issuer"]?.string == issuer,
            let found = value["jwks_uri"]?.string
        else { throw FetchFailure("no discovery document of this issuer") }
        guard found.hasPrefix("https://") || address.hasPrefix("http://") else {
            throw FetchFailure("a key set without TLS")
        }
        return found
    }

    private func document(_ address: String) async throws(FetchFailure) -> [UInt8] {
        let response: HTTPClientResponse
        do throws(HTTPError) {
            response = try await client.get(
                address, headers: ["Accept": "application/json"], within: limits.patience)
        } catch {
            throw FetchFailure("\(error.code)")
        }
        guard response.status == .ok else { throw FetchFailure("status \(response.status.code)") }
        return response.body
    }
}

private struct FetchFailure: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
