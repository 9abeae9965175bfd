import EventLoop
import TestSupport
import Testing

@testable import AMQP

/// Against a RabbitMQ with a TLS listener, whose certificate is for `localhost`.
@Suite(.onLoop, .enabled(if: PrivateServers.areAvailable), .timeLimit(.minutes(1)))
struct TLSLiveTests {
    @Test @Loop func refusesACertificateForAnotherHost() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let other = try await TestCertificate.shared()
        try await PrivateServers.with("rabbitmq", tls: certificate) { servers in
            let broker = servers.rabbitmq
            @Loop func configuration(_ host: String, _ authorities: String?) throws -> AMQPConfiguration {
                let account = "\(broker.user):\(broker.password)"
                return try AMQPConfiguration(
                    url: "amqps://\(account)@\(host):\(broker.amqpsPort!)/waybill", authorities: authorities)
            }
            try await carriesALongMessage(configuration("localhost", certificate.certificate))
            for (host, authorities) in [
                ("localhost", nil), ("localhost", other.certificate), ("127.0.0.1", certificate.certificate),
            ] {
                let refused = try configuration(host, authorities)
                let error = await failure { try await AMQPConnection.open(refused) }
                #expect(error?.code == .tls)
                #expect(error?.message.contains("the certificate was not accepted") == true)
            }
        }
    }

    /// A server that asks who the client is.
    @Test @Loop func aClientHasACertificate() async throws {
        let certificate = try await TestCertificate.ofNameAlone()
        let client = try await TestCertificate.signed(by: certificate)
        try await PrivateServers.with("rabbitmq", tls: certificate, asksClients: true) { servers in
            let broker = servers.rabbitmq
            var configuration = try AMQPConfiguration(
                url: "amqps://\(broker.user):\(broker.password)@localhost:\(broker.amqpsPort!)/waybill",
                authorities: certificate.certificate)
            let unknown = configuration
            #expect(await failure { try await AMQPConnection.open(unknown) } != nil)
            configuration.tls = try TLSClient(
                authorities: certificate.certificate,
                identity: TLSIdentity(chain: client.certificate, key: client.privateKey))
            try await carriesALongMessage(configuration)
        }
    }

    /// Longer than a TLS record and than a frame.
    @Loop private func carriesALongMessage(_ configuration: AMQPConfiguration) async throws {
        let queue = Broker.name("tls")
        var topology = AMQPTopology()
        topology.queues.append(.init(name: queue, isDurable: false, isExclusive: true))
        let client = AMQPClient(configuration, topology: topology)
        Loop.task { await client.run() }
        try await client.ready(within: .seconds(10))
        let long = String(repeating: "x", count: 300_000)
        try await AMQPPublisher(client).publish(message(long, to: queue), within: .seconds(10))
        let delivery = try await client.withChannel { channel throws(AMQPError) in
            try await channel.get(from: queue)
        }
        #expect(delivery.map(text) == long)
        await client.shutdown()
    }
}
