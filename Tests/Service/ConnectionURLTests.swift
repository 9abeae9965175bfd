import Bytes
import EventLoop
import Observability
import Testing

@testable import Service

@Suite struct ConnectionURLTests {
    @Test func parsesAllParts() throws {
        let url = try ConnectionURL(
            "amqps://app%40x:p%2Fw%3A%20d@broker.example:5999/v%2Fh", .amqp)
        #expect(url.usesTLS && url.endpoint.host == "broker.example" && url.endpoint.port == 5999)
        #expect(url.user == "app@x" && url.password?.reveal() == "p/w: d")
        #expect(url.path == "v/h" && url.query == [:])
    }

    @Test(
        arguments: [
            ("redis://localhost", .redis, 6379, "0", false), ("rediss://h/3", .redis, 6379, "3", true),
            ("amqp://h", .amqp, 5672, "/", false), ("amqp://h/", .amqp, 5672, "/", false),
            ("amqps://h/%2F", .amqp, 5671, "/", true), ("postgres://h/db", .postgresql, 5432, "db", false),
            ("postgresql://h/db?sslmode=verify-full", .postgresql, 5432, "db", true),
            ("postgresql://h/db?sslmode=prefer", .postgresql, 5432, "db", false),
        ] as [(String, ConnectionURL.Scheme, UInt16, String, Bool)])
    func fillsInDefaults(text: String, scheme: ConnectionURL.Scheme, port: UInt16, path: String, tls: Bool)
        throws
    {
        let url = try ConnectionURL(text, scheme)
        #expect(url.endpoint.port == port && url.path == path && url.usesTLS == tls)
        #expect(url.user == nil && url.password == nil)
    }

    @Test func parsesPasswordsWithoutUserAndIPv6() throws {
        let url = try ConnectionURL("redis://:pw@[::1]:7000", .redis)
        #expect(
            url.user == nil && url.password?.reveal() == "pw" && url.endpoint.host == "::1"
                && url.endpoint.port == 7000)
    }

    @Test(
        arguments: [
            ("http://h", .redis), ("redis:/h", .redis), ("redis://", .redis), ("redis://h:0", .redis),
            ("redis://h:65536", .redis), ("redis://h:", .redis), ("redis://h/x", .redis),
            ("redis://h/-1", .redis),
            ("redis://u:p%2@h", .redis), ("redis://u:p%zz@h", .redis), ("redis://u:%ff@h", .redis),
            ("redis://u:%00@h", .redis), ("redis://u:a@b@h", .redis), ("redis://u:a/b@h", .redis),
            ("redis://u:a?b@h", .redis), ("redis://u:a#b@h", .redis), ("redis://h h", .redis),
            ("redis://[::1", .redis), ("redis://[::1]x", .redis), ("redis://::1", .redis),
            ("amqp://h/a/b", .amqp), ("postgresql://h", .postgresql), ("postgresql://h/a/b", .postgresql),
            ("postgresql://h/d?a=%", .postgresql), ("postgresql://h/d?sslmode=on", .postgresql),
            ("postgresql://h/d?sslmode=", .postgresql), ("postgresql://h/d?SSLMODE=require", .postgresql),
            ("postgresql://h/d?user=x", .postgresql), ("redis://h?password=x", .redis),
            ("redis://h/0?db=1", .redis), ("amqp://h?heartbeat=5", .amqp), ("amqps://h/v?verify=none", .amqp),
            ("postgresql://h/d?sslmode=disable&sslmode=verify-full", .postgresql),
            ("postgresql://h/d?sslmode=verify-full&ssl=1", .postgresql), ("redis://ü", .redis), ("", .redis),
        ] as [(String, ConnectionURL.Scheme)])
    func refusesAmbiguousURLs(text: String, scheme: ConnectionURL.Scheme) {
        #expect(throws: SettingError.self) { try ConnectionURL(text, scheme) }
    }

    @Test func theFilesOfTLSHoldForPostgreSQLToo() throws {
        let files = TLSFiles(authorities: "/ca.pem", identity: TLSIdentity(chain: "/c.pem", key: "/k.pem"))
        let url = try ConnectionURL("postgresql://h/d?sslmode=verify-full", .postgresql)
        let query = url.completed(files).query
        #expect(
            query["sslrootcert"] == "/ca.pem" && query["sslcert"] == "/c.pem" && query["sslkey"] == "/k.pem")
        #expect(url.completed(TLSFiles()) == url)
        let own = try ConnectionURL(
            "postgresql://h/d?sslmode=require&sslrootcert=/own.pem&sslcert=/own.pem", .postgresql)
        #expect(own.completed(files) == own && !own.isVerified && url.isVerified)
        for (host, isLocal) in [
            ("localhost", true), ("127.0.0.9", true), ("[::1]", true), ("db.example", false),
        ] {
            #expect(try ConnectionURL("postgresql://\(host)/d", .postgresql).isLocal == isLocal)
        }
    }

    @Test func aClusterHasSeveralHosts() throws {
        let broker = try ConnectionURL("amqps://u:p@a,b:1,[::1]/v", .amqp)
        #expect(broker.endpoints.map(\.description) == ["a:5671", "b:1", "[::1]:5671"])
        #expect("\(broker)" == "amqps://u@a:5671,b:1,[::1]:5671/v")
        // Of several, the one that takes writes.
        let database = try ConnectionURL("postgresql://u:p@a,b/d", .postgresql)
        #expect(database.completed(TLSFiles()).query["target_session_attrs"] == "read-write")
        #expect(!database.isLocal && database.endpoints.count == 2)
        let reader = try ConnectionURL("postgresql://u:p@a,b/d?target_session_attrs=any", .postgresql)
        #expect(reader.completed(TLSFiles()) == reader)
        let error = #expect(throws: SettingError.self) { try ConnectionURL("redis://a,b", .redis) }
        #expect(error?.problem.contains("several hosts") == true)
    }

    @Test func descriptionOmitsThePassword() throws {
        let url = try ConnectionURL("postgresql://waybill:hunter2@[::1]/db", .postgresql)
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped] { #expect(!text.contains("hunter2")) }
        #expect("\(url)" == "postgresql://waybill@[::1]:5432/db")
        let fault = #expect(throws: SettingError.self) { try ConnectionURL("redis://u:hunter2@h:x", .redis) }
        #expect(!"\(String(describing: fault))".contains("hunter2"))
    }
}
