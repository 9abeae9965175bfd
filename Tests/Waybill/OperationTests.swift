import Bytes
import EventLoop
import JSON
import Messaging
import Service
import Testing

@testable import Waybill

@Suite struct OperationTests {
    private func arguments(_ words: String...) throws -> Arguments {
        try Arguments(words, options: DropDeadLettersCommand.help.options)
    }

    @Test func acceptsShortQueueNames() throws {
        for name in ["order.failed", "failed", "order.failed.dlq"] {
            #expect(try arguments("--queue", name).queues == [.failed])
        }
        #expect(try arguments().queues == [.accepted, .processed, .failed])
        let failure = #expect(throws: CommandError.self) { try arguments("--queue", "orders").queues }
        #expect(failure?.code == .usage)
    }

    @Test func requiresMessageNamesOrAll() throws {
        #expect(try arguments("--all").messages("dlq drop") == nil)
        #expect(try arguments("a", "b").messages("dlq drop") == ["a", "b"])
        #expect(throws: CommandError.self) { try arguments().messages("dlq drop") }
        #expect(throws: CommandError.self) { try arguments("a", "--all").messages("dlq drop") }
    }

    @Test func addressesComeFromTheStackOrTheEnvironment() throws {
        let stack = try JSONValue(
            parsing: """
                {"redis":{"host":"h","port":1,"user":"u","password":"p@:/"},
                 "rabbitmq":{"uri":"amqp://r"},"postgres":{"uri":"postgresql://p"}}
                """)
        let addresses = try #require(ServerAddresses(stack))
        #expect(addresses.redis?.secret("REDIS_URL") == "redis://u:p%40%3A%2F@h:1")
        #expect(addresses.rabbitMQ == "amqp://r" && addresses.postgres == "postgresql://p")
        #expect(ServerAddresses(try JSONValue(parsing: "{}")) == nil)

        let environment = Environment([
            "REDIS_URL": "redis://x", "RABBITMQ_URL": "amqp://x", "DATABASE_URL": "postgresql://x",
        ])
        #expect(
            try StackFile(environment: environment).addresses().redis?.secret("REDIS_URL")
                == "redis://x")
        // An explicit stack takes precedence over the environment.
        #expect(throws: CommandError.self) {
            try StackFile(path: "/nowhere/stack.json", environment: environment).addresses()
        }
    }

    @Test func aDeploymentElsewhereIsKnownByItsAddress() throws {
        let elsewhere = StackFile(url: "http://shop:8080", environment: Environment([:]))
        let stack = try elsewhere.read()
        #expect(stack.edge == "http://shop:8080" && stack.tabAddresses == ["http://shop:8080"])
        #expect(stack.replicas.isEmpty)
        #expect(throws: CommandError.self) { try elsewhere.addresses() }
        // Its processes are not those that a file here describes.
        #expect(throws: CommandError.self) { try elsewhere.document() }
        let servers = Environment([
            "REDIS_URL_FILE": "r", "RABBITMQ_URL": "amqp://x", "DATABASE_URL": "postgresql://x",
        ]) { $0 == "r" ? Array("redis://file\n".utf8) : nil }
        #expect(
            try StackFile(url: "http://x", environment: servers).addresses().redis?.secret("REDIS_URL")
                == "redis://file")
    }

    @Test func replicasHaveTheNamesOfTheirLogs() throws {
        let stack = StackFile.Contents(
            edge: "http://e", accept: [.init(url: "http://h:8081", pid: 1)], process: [],
            notification: [.init(url: "http://h:5006", pid: 2), .init(url: "http://h:5016", pid: 3)],
            console: [.init(url: "http://h:8070", pid: 4)], servers: [])
        #expect(
            stack.replicas.map(\.name) == ["accept-1", "notification-1", "notification-2", "console-1"])
        for word in ["notification-2", "order-notification@5016"] {
            #expect(try stack.replicas(named: [word]).map(\.instance.pid) == [3])
        }
        for word in ["notification", "order-notification"] {
            #expect(try stack.replicas(named: [word]).count == 2)
        }
        #expect(try stack.replicas(named: ["console", "accept"]).count == 2)
        let failure = #expect(throws: CommandError.self) { try stack.replicas(named: ["process-1"]) }
        #expect(failure?.code == .usage && failure?.remedy?.contains("accept-1") == true)
    }

    @Test(arguments: [
        ([:], "var/stack.json", "var"), (["WAYBILL_PORT_OFFSET": "300"], "var/300/stack.json", "var/300"),
        (["WAYBILL_VAR": "/x"], "/x/stack.json", "/x"), (["WAYBILL_STACK": "/y/s.json"], "/y/s.json", "/y"),
    ])
    func findsTheStackFile(environment: [String: String], path: String, folder: String) {
        let file = StackFile(environment: Environment(environment))
        #expect(file.path == path && file.folder == folder)
    }
}
