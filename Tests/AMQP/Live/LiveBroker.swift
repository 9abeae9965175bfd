import AMQP
import EventLoop
import Foundation
import TestSupport

/// The real broker of the tests, from the JSON file that `WAYBILL_TEST_SERVERS` names.
enum Broker {
    static let url: String? = {
        guard let path = ProcessInfo.processInfo.environment["WAYBILL_TEST_SERVERS"],
            let data = FileManager.default.contents(atPath: path),
            let servers = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let rabbitmq = servers["rabbitmq"] as? [String: Any]
        else { return nil }
        return rabbitmq["uri"] as? String
    }()

    static var isThere: Bool { url != nil }

    @Loop static func configuration(through proxy: Proxy? = nil) throws -> AMQPConfiguration {
        var configuration = try AMQPConfiguration(url: url ?? "")
        configuration.connectionName = "test"
        if let proxy { configuration.endpoint = Endpoint(host: "127.0.0.1", port: proxy.port) }
        return configuration
    }

    /// A name unique to this test run.
    static func name(_ purpose: String) -> String { "test.\(purpose).\(UUID().uuidString.prefix(8))" }

    /// Runs `body` with a started client, shuts it down afterwards, and deletes its queues and exchanges.
    @Loop static func withClient(
        _ topology: AMQPTopology = AMQPTopology(), through proxy: Proxy? = nil,
        heartbeat: Duration = .seconds(10),
        _ body: @Loop (AMQPClient) async throws -> Void
    ) async throws {
        var configuration = try configuration(through: proxy)
        configuration.heartbeat = heartbeat
        let client = AMQPClient(configuration, topology: topology)
        Loop.task { await client.run() }
        do {
            try await client.ready(within: .seconds(10))
            try await body(client)
        } catch {
            await client.shutdown()
            try? await delete(topology)
            throw error
        }
        await client.shutdown()
        try await delete(topology)
    }

    @Loop static func delete(_ topology: AMQPTopology) async throws {
        let connection = try await AMQPConnection.open(try configuration())
        let channel = try await connection.openChannel()
        for queue in topology.queues { try await channel.deleteQueue(queue.name) }
        for exchange in topology.exchanges { try await channel.deleteExchange(exchange.name) }
        await connection.close()
    }
}

/// Receives until there are `count` deliveries.
@Loop func take(_ count: Int, from consumer: AMQPConsumer) async -> [AMQPDelivery] {
    var deliveries: [AMQPDelivery] = []
    while deliveries.count < count, let batch = await consumer.next() { deliveries += batch }
    return deliveries
}

func message(_ text: String, to queue: String, exchange: String = "") -> AMQPMessage {
    var message = AMQPMessage(exchange: exchange, routingKey: queue, body: Array(text.utf8))
    message.properties.messageID = UUID().uuidString
    return message
}

func text(_ delivery: AMQPDelivery) -> String { String(decoding: delivery.body, as: UTF8.self) }

/// The error that `body` throws, nil when it succeeds.
@Loop func failure<Result>(of body: @Loop () async throws -> Result) async -> AMQPError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? AMQPError
    }
}
