package import EventLoop

/// Channels of one server, or sharded channels of a cluster. Each is subscribed once; the caller counts the users of a
/// shared channel.
@Loop
package protocol RedisChannels: AnyObject, Service {
    /// Whether channels need hash tags.
    var isCluster: Bool { get }

    /// Down until a server has confirmed a channel, if there is one: a user who may connect may not be allowed to
    /// subscribe. Of a cluster: down while any of its nodes is.
    var state: RedisConnectionState { get }
    /// Whether some nodes of a cluster can be used while others cannot.
    var isPartial: Bool { get }
    /// Channels that are subscribed, or will be once connected.
    var channels: Int { get }

    /// Called with each message's channel and payload.
    var onMessage: (@Loop (_ channel: [UInt8], _ payload: [UInt8]) -> Void)? { get set }
    /// Called after a reconnection, or a channel's move to another node, with channels that receive again, batch by
    /// batch. Messages published in between are lost: recover them from a stream, if there is one.
    var onRestored: (@Loop (_ channels: [[UInt8]]) -> Void)? { get set }
    var onStateChange: (@Loop (RedisConnectionState) -> Void)? { get set }

    /// Returns when the server has confirmed: every later message will be delivered.
    ///
    /// After `.timeout` the channel stays wanted: it is subscribed and reported by ``onRestored``, or starts
    /// to deliver later, unless ``unsubscribe(_:)`` is called.
    func subscribe(_ channel: String) async throws(RedisError)
    /// Takes effect at once for later calls; a message in flight may still be delivered.
    func unsubscribe(_ channel: String)
    func close()
}
