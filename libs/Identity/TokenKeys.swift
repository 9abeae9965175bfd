package import EventLoop
internal import HTTP
internal import JOSE
internal import Observability
package import Service

/// A service's authenticator by its ``TokenSettings``: with a shared secret, or with an issuer's published keys.
@Loop
package struct TokenKeys: Service {
    package let authenticator: Authenticator
    /// Tolerated clock skew in seconds.
    package let leeway: Int
    private let remoteKeys: RemoteKeySet?

    package init(_ context: ServiceContext) throws {
        let settings = context.settings
        let rules = TokenRules(
            issuer: settings[TokenSettings.issuer], audience: settings[TokenSettings.audience])
        leeway = rules.leeway
        if let secret = settings[TokenSettings.secret] {
            let key = try VerificationKey.hmac(secret: Array(secret.reveal().utf8))
            authenticator = Authenticator(keys: KeySet([key]), rules: rules)
            remoteKeys = nil
            return
        }
        guard let url = settings[TokenSettings.keySet] else { throw JOSEError(.invalidKey) }
        var client = HTTPClient.Configuration()
        if settings[ServerKeys.authorities] != nil { client.tls = try settings.tls.client() }
        let remoteKeys = RemoteKeySet(url: url, issuer: rules.issuer, client: HTTPClient(client))
        authenticator = Authenticator(keySource: remoteKeys, rules: rules)
        self.remoteKeys = remoteKeys
        observe(remoteKeys, context)
    }

    /// Refreshes published keys.
    package func run() async throws {
        guard let remoteKeys else { return try await Loop.sleepUntilCancelled() }
        await remoteKeys.run()
    }

    private func observe(_ keys: RemoteKeySet, _ context: ServiceContext) {
        let fetches = context.metrics.counter("waybill_jwks_fetches_total", "Fetches of the issuer's keys.")
        let failures = context.metrics.counter(
            "waybill_jwks_fetch_failures_total", "Failed fetches of the issuer's keys.")
        context.metrics.gauge("waybill_jwks_age_seconds", "Age of the issuer's keys.") {
            keys.age?.seconds ?? .infinity
        }
        let report = ServerReport(
            "jwks", context, isEssential: { !keys.isUsable },
            problem: {
                keys.failure.map { ServerProblem($0.word, error: $0.reason) }
                    ?? (keys.isUsable ? nil : ServerProblem("unreachable", error: nil))
            })
        keys.onFetch = { [log = context.log] in
            fetches.increment()
            if keys.failure == nil { log.debug("jwks.fetched") } else { failures.increment() }
            report.update()
        }
    }
}
