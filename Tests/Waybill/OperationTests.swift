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
            try StackFile(path: nil, environment: environment).addresses().redis?.secret("REDIS_URL")
                == "redis://x")
        // An explicit stack takes precedence over the environment.
        #expect(throws: CommandError.self) {
            try StackFile(path: "/nowhere/stack.json", environment: environment).addresses()
        }
    }

    @Test func aStackElsewhereIsKnownByItsEdge() throws {
        let elsewhere = Environment(["WAYBILL_EDGE": "http://shop:8080/"])
        let stack = try StackFile(path: nil, environment: elsewhere).read()
        #expect(stack.edge == "http://shop:8080" && stack.tabAddresses == ["http://shop:8080"])
        #expect(
            try StackFile(path: nil, edge: "https://x", environment: elsewhere).read().edge == "https://x")
        #expect(throws: CommandError.self) { try StackFile(path: nil, edge: "shop:8080").read() }
        #expect(throws: CommandError.self) { try StackFile(path: nil, environment: elsewhere).addresses() }
        // A stack that is named takes precedence over the variable.
        #expect(throws: CommandError.self) {
            try StackFile(path: "/nowhere/stack.json", environment: elsewhere).read()
        }
        let servers = Environment([
            "WAYBILL_EDGE": "http://x", "REDIS_URL_FILE": "r", "RABBITMQ_URL": "amqp://x",
            "DATABASE_URL": "postgresql://x",
        ]) { $0 == "r" ? Array("redis://file\n".utf8) : nil }
        #expect(
            try StackFile(path: nil, environment: servers).addresses().redis?.secret("REDIS_URL")
                == "redis://file")
    }

    @Test(arguments: [
        ([:], "var/stack.json", "var"), (["WAYBILL_PORT_OFFSET": "300"], "var/300/stack.json", "var/300"),
        (["WAYBILL_VAR": "/x"], "/x/stack.json", "/x"), (["WAYBILL_STACK": "/y/s.json"], "/y/s.json", "/y"),
    ])
    func findsTheStackFile(environment: [String: String], path: String, folder: String) {
        let file = StackFile(path: nil, environment: Environment(environment))
        #expect(file.path == path && file.folder == folder)
    }
}
