import Bytes
import EventLoop
import Testing

@testable import Postgres

@Suite struct ConfigurationTests {
    @Test func parsesEveryPartOfAURL() throws {
        let url =
            "postgresql://us%40er:p%3Aw@db-1:6432,db-2:6433/way?sslmode=verify-full&sslrootcert=/ca.pem&connect_timeout=3"
        let configuration = try PostgresConfiguration(url: url)
        #expect(configuration.hosts.map(\.name) == ["db-1", "db-2"])
        #expect(configuration.hosts.map(\.port) == [6432, 6433])
        #expect(configuration.user == "us@er")
        #expect(configuration.password == "p:w")
        #expect(configuration.database == "way")
        #expect(configuration.connectTimeout == .seconds(3))
        #expect(configuration.options == ["sslmode": "verify-full", "sslrootcert": "/ca.pem"])
        #expect(!"\(configuration)".contains("p:w"))
    }

    @Test(arguments: [
        "", "http://a/b", "postgresql://host/db", "postgresql://u@h:99999/db", "postgresql://u@h?nonsense=1",
    ])
    func refusesInvalidURLsWithoutQuotingThem(_ url: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.isRetriable == false)
    }

    @Test func sessionSettingsAreNoStartupParameters() throws {
        var configuration = PostgresConfiguration(host: "h", user: "u", database: "d")
        configuration.settings = ["search_path": #"a, "b\"#]
        configuration.statementTimeout = .seconds(2)
        let keywords = Dictionary(
            uniqueKeysWithValues: configuration.keywords(addresses: ["10.0.0.1"]).map {
                ($0.keyword, $0.value)
            })
        #expect(keywords["host"] == "h")
        #expect(keywords["hostaddr"] == "10.0.0.1")
        #expect(keywords["options"] == nil)
        #expect(
            configuration.parameters.map { "\($0.name)=\($0.value)" } == [
                "DateStyle=ISO", "TimeZone=UTC", #"search_path=a, "b\"#, "statement_timeout=2000",
            ])
    }

    @Test(arguments: [
        ("40001", true), ("40P01", true), ("57P01", true), ("53300", true), ("08006", true), ("23505", false),
        ("42601", false),
    ])
    func transientConditionsAreRetriable(_ code: String, _ isRetriable: Bool) {
        let error = PostgresError(
            report: PostgresDiagnostics(
                severity: "ERROR", sqlState: PostgresSQLState(code), message: "secret"))
        #expect(error.isRetriable == isRetriable)
        #expect(!"\(error)".contains("secret") && !String(reflecting: error.report!).contains("secret"))
    }
}
