import EventLoop
import HTTP
import Identity
import JOSE
import Observability
import Service

/// What verifies tokens: a secret, or the keys that an issuer publishes.
@Loop
struct TokenKeys {
    let authenticator: Authenticator
    /// Seconds by which clocks may differ.
    let leeway: Int
    private let published: RemoteKeySet?

    init(_ context: ServiceContext) throws {
        let settings = context.settings
        let rules = TokenRules(issuer: settings[Keys.issuer], audience: settings[Keys.audience])
        leeway = rules.leeway
        if let secret = settings[Keys.secret] {
            let key = try VerificationKey.hmac(secret: Array(secret.reveal().utf8))
            authenticator = Authenticator(keys: KeySet([key]), rules: rules)
            published = nil
            return
        }
        guard let address = settings[Keys.keySet] else { throw JOSEError(.invalidKey) }
        var client = HTTP.Client.Configuration()
        if let authorities = settings[Keys.authorities] {
            client.tls = try TLSClient(authorities: authorities)
        }
        let published = RemoteKeySet(address: address, issuer: rules.issuer, client: HTTP.Client(client))
        authenticator = Authenticator(keySource: published, rules: rules)
        self.published = published
        watch(published, context)
    }

    /// Keeps published keys fresh.
    var run: (@Loop () async -> Void)? {
        guard let published else { return nil }
        return { await published.run() }
    }

    private func watch(_ published: RemoteKeySet, _ context: ServiceContext) {
        let fetches = context.metrics.counter("jwks_fetches_total", "Fetches of the issuer's keys.")
        let failures = context.metrics.counter("jwks_fetch_failures_total", "Fetches that failed.")
        context.metrics.gauge("jwks_age_seconds", "Since the issuer's keys were last fetched.") {
            published.age?.seconds ?? .infinity
        }
        published.onFetch = { [log = context.log] failure in
            fetches.increment()
            guard let failure else { return log.debug("jwks.fetched") }
            failures.increment()
            log.warning("jwks.unreachable", ["reason": failure])
        }
        context.health.addCheck("jwks", holds: { published.age != nil })
    }
}
