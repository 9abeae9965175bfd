package import AMQP
internal import EventLoop

/// The readiness reason `rabbitmq.topology`.
package enum TopologyDifference {
    /// Nil when every queue and exchange has the arguments of this version.
    @Loop package static func reason(_ client: AMQPClient) -> String? {
        if client.isTopologyMissing, client.isConnected {
            return "something was deleted; it is declared again"
        }
        guard let first = client.differences.first else { return nil }
        let more = client.differences.count - 1
        return "\(first)\(more > 0 ? " and \(more) more" : "") exists with other arguments"
    }
}
