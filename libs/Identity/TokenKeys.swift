package import EventLoop
internal import HTTP
internal import JOSE
internal import Observability
package import Service

/// What verifies a service's tokens, by its settings (``TokenSettings``): a secret, or the keys that an issuer
/// publishes.
@Loop
package struct TokenKeys {
    package let authenticator: Authenticator
    /// Seconds by which clocks may differ.
    package let leeway: Int
    private let published: RemoteKeySet?

    package init(_ context: ServiceContext) throws {
        let settings = context.settings
        let rules = TokenRules(
            issuer: settings[TokenSettings.issuer], audience: settings[TokenSettings.audience])
        leeway = rules.leeway
        if let secret = settings[TokenSettings.secret] {
            let key = try VerificationKey.hmac(secret: Array(secret.reveal().utf8))
            authenticator = Authenticator(keys: KeySet([key]), rules: rules)
            published = nil
            return
        }
        guard let address = settings[TokenSettings.keySet] else { throw JOSEError(.invalidKey) }
        var client = HTTPClient.Configuration()
        if let authorities = settings[ServerKeys.authorities] {
            client.tls = try TLSClient(authorities: authorities)
        }
        let published = RemoteKeySet(address: address, issuer: rules.issuer, client: HTTPClient(client))
        authenticator = Authenticator(keySource: published, rules: rules)
        self.published = published
        watch(published, context)
    }

    /// Keeps published keys fresh.
    package var run: (@Loop () async -> Void)? {
        guard let published else { return nil }
        return { await published.run() }
    }

    private func watch(_ published: RemoteKeySet, _ context: ServiceContext) {
        let fetches = context.metrics.counter("waybill_jwks_fetches_total", "Fetches of the issuer's keys.")
        let failures = context.metrics.counter("waybill_jwks_fetch_failures_total", "Fetches that failed.")
        context.metrics.gauge("waybill_jwks_age_seconds", "Since the issuer's keys were last fetched.") {
            published.age?.seconds ?? .infinity
        }
        published.onFetch = { [log = context.log] failure in
            fetches.increment()
            guard let failure else { return log.debug("jwks.fetched") }
            failures.increment()
            log.warning("jwks.fetch_failed", ["reason": failure])
        }
        context.health.addCheck("jwks", holds: { published.age != nil })
    }
}
