import Identity
import Service
import Testing

@testable import OrderAccept

@Suite struct ConfigurationTests {
    static let servers = [
        "REDIS_URL": "redis://u:p@localhost:6379", "RABBITMQ_URL": "amqp://u:p@localhost/v",
        "DATABASE_URL": "postgresql://u:p@localhost/db", "JWT_ISSUER": "waybill", "JWT_AUDIENCE": "api",
    ]
    static let secret = ["JWT_SECRET": "0123456789abcdef0123456789abcdef"]

    private func faults(_ extra: [String: String]) -> [String] {
        let environment = Environment(Self.servers.merging(extra) { $1 })
        let keys = ServiceKeys.all(port: 8081) + AcceptKeys.all
        do throws(ConfigurationError) {
            _ = try Settings(environment, keys: keys, rules: TokenSettings.rules)
            return []
        } catch {
            return error.faults.map(\.key)
        }
    }

    @Test func aSecretOrAKeySetIsRequired() {
        #expect(faults(Self.secret) == [])
        #expect(faults(["JWT_JWKS_URL": "https://id.example.com/jwks"]) == [])
    }

    @Test(arguments: ["development", "production"])
    func withoutKeysItDoesNotStart(profile: String) {
        #expect(faults(["WAYBILL_PROFILE": profile]) == ["JWT_SECRET"])
        // One that is set and not valid is reported as that, and not as missing.
        #expect(faults(["WAYBILL_PROFILE": profile, "JWT_SECRET": "short"]) == ["JWT_SECRET"])
        #expect(faults(["WAYBILL_PROFILE": profile, "JWT_JWKS_URL": "id.example.com"]) == ["JWT_JWKS_URL"])
    }

    @Test func weakSecretsAreForDevelopmentOnly() {
        let weak = ["JWT_SECRET": String(repeating: "secret", count: 8)]
        #expect(faults(weak) == ["JWT_SECRET"])
        #expect(faults(weak.merging(["WAYBILL_PROFILE": "development"]) { $1 }) == [])
    }

    @Test func secretAndKeySetExcludeEachOther() {
        let both = Self.secret.merging(["JWT_JWKS_URL": "https://id.example.com/jwks"]) { $1 }
        #expect(faults(both) == ["JWT_SECRET"])
    }

    @Test func keySetsNeedTLSOutsideDevelopment() {
        let plain = ["JWT_JWKS_URL": "http://id.example.com/jwks"]
        #expect(faults(plain) == ["JWT_JWKS_URL"])
        #expect(faults(plain.merging(["WAYBILL_PROFILE": "development"]) { $1 }) == [])
    }

    @Test func everySettingErrorIsReportedAtOnce() {
        let faults = faults(["REDIS_URL": "http://x", "RATE_LIMIT": "many", "WORKFLOW_TTL": "1"])
        #expect(Set(faults) == ["REDIS_URL", "RATE_LIMIT", "WORKFLOW_TTL", "JWT_SECRET"])
    }
}
