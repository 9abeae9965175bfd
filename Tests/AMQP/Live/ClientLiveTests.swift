import EventLoop
import TestSupport
import Testing

@testable import AMQP

@Suite(.onLoop, .enabled(if: Broker.isThere), .timeLimit(.minutes(1)))
struct ClientLiveTests {
    @Test @Loop func closesASilentConnectionAfterTwoHeartbeats() async throws {
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(through: proxy, heartbeat: .seconds(1)) { client in
            proxy.freeze()
            let start = Instant.systemNow()
            try await eventually("a new connection") { proxy.connections == 2 && client.isReady }
            #expect(start.duration(to: .systemNow()) < .seconds(4))
        }
    }

    @Test @Loop func heartbeatsKeepAnIdleConnection() async throws {
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        try await Broker.withClient(through: proxy, heartbeat: .seconds(1)) { client in
            var states: [AMQPClient.State] = []
            client.onStateChange { states.append($0) }
            // Each end sends a heartbeat every half interval: more than two timeout periods pass.
            try await eventually("heartbeats kept both connections open") {
                proxy.heartbeats.fromClients >= 5 && proxy.heartbeats.fromBroker >= 5
            }
            #expect(states.isEmpty && client.isReady && proxy.connections == 1)
        }
    }

    @Test @Loop func wrongCredentialsFailAuthentication() async throws {
        var configuration = try Broker.configuration()
        configuration.password = "wrong"
        let authenticationFailed = await failure { try await AMQPConnection.open(configuration) }
        #expect(authenticationFailed?.code == .authenticationFailed)
        configuration = try Broker.configuration()
        configuration.virtualHost = "nowhere"
        let refused = await failure { try await AMQPConnection.open(configuration) }
        #expect(refused?.code == .authenticationFailed)
    }

    @Test @Loop func connectTimesOutWhenTheBrokerIsSilent() async throws {
        let silent = try await Listener(Endpoint(host: "127.0.0.1", port: 0)) { transport in
            transport.start(SilentServer())
        }
        defer { silent.close() }
        var configuration = try Broker.configuration()
        configuration.endpoint.port = silent.port
        configuration.connectTimeout = .milliseconds(200)
        let connectionFailed = await failure { try await AMQPConnection.open(configuration) }
        #expect(connectionFailed?.code == .connectionFailed)
    }

    @Test @Loop func aFailedCallClosesItsChannelOnly() async throws {
        try await Broker.withClient { client in
            let missing = Broker.name("missing")
            let error = await failure {
                try await client.withChannel { channel throws(AMQPError) in
                    try await channel.status(of: missing)
                }
            }
            #expect(error?.code == .channelClosed && error?.replyCode == 404)
            #expect(client.isReady)
        }
    }

    @Test @Loop func topologyIsDeclaredAgainAfterAReconnect() async throws {
        let queue = Broker.name("auto")
        var topology = AMQPTopology()
        topology.queues.append(.init(name: queue, isDurable: false, isExclusive: true))
        let proxy = try await Proxy(to: Broker.configuration().endpoint)
        defer { proxy.close() }
        let client = AMQPClient(try Broker.configuration(through: proxy), topology: topology)
        Loop.task { await client.run() }
        try await client.ready(within: .seconds(10))
        // An exclusive queue is deleted with its connection.
        proxy.cut()
        try await eventually("reconnected") { proxy.connections == 2 && client.isReady }
        let publisher = AMQPPublisher(client)
        try await publisher.publish(message("x", to: queue), within: .seconds(5))
        await client.shutdown()
        #expect(client.state == .closed)
        #expect(await publisher.publish([message("y", to: queue)]).first??.code == .closed)
    }

    @Test @Loop func getsRequeuesAndPurgesMessages() async throws {
        let queue = Broker.name("get")
        var topology = AMQPTopology()
        topology.addQueue(queue, kind: .quorum)
        try await Broker.withClient(topology) { client in
            let publisher = AMQPPublisher(client)
            _ = await publisher.publish((0..<3).map { message("\($0)", to: queue) })
            try await client.withChannel { channel throws(AMQPError) in
                let first = try await channel.get(from: queue)
                #expect(first.map(text) == "0")
                if let first { try channel.ack(first) }
                _ = try await channel.get(from: queue)
            }
            // The second was requeued when its channel closed.
            try await eventually("two messages are ready") {
                try await client.withChannel { channel throws(AMQPError) in
                    try await channel.status(of: queue)
                }.messages == 2
            }
        }
    }
}

private final class SilentServer: TransportHandler {
    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int { bytes.count }
    func closed(_ transport: Transport, _ error: TransportError?) {}
}
