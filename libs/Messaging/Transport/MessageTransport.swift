package import EventLoop

/// Sends messages and waits until each is stored.
@Loop
package protocol MessageSender: AnyObject {
    /// Sends messages in one batch and waits; returns each one's failure, in order. Messages to one queue
    /// arrive in the order given.
    func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?]

    /// The same for one message, without the arrays.
    func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError)
}

/// Receives messages from one queue. Unsettled ones are redelivered, marked, when the source is closed.
@Loop
package protocol MessageSource: AnyObject {
    /// Waits for messages: at least one, in the queue's order; nil once stopped.
    func next() async -> [InboundMessage]?

    /// Settles the messages as handled.
    func ack(_ messages: [InboundMessage])

    /// Dead-letters the message unchanged.
    func reject(_ message: InboundMessage)

    /// Requeues the messages.
    func requeue(_ messages: [InboundMessage])

    /// Stops receiving; messages not handed out are requeued, the others may still be settled.
    func stop() async
}
