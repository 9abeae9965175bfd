package import EventLoop

/// Sends messages, each until it is safe.
@Loop
package protocol MessageSender: AnyObject {
    /// Sends all in one go and waits; the answer has each message's failure, in order. Messages to one queue
    /// arrive in the order given.
    func send(_ messages: [OutboundMessage], within limit: Duration) async -> [MessagingError?]

    /// The same for one message, without the arrays.
    func send(_ message: OutboundMessage, within limit: Duration) async throws(MessagingError)
}

/// Takes messages from one queue. What is not settled is delivered again, marked, when the source is gone.
@Loop
package protocol MessageSource: AnyObject {
    /// Waits for messages: at least one, in the queue's order; nil once stopped.
    func next() async -> [InboundMessage]?

    /// Done with them.
    func ack(_ messages: [InboundMessage])

    /// Hands the message to the queue's dead letters as it is.
    func reject(_ message: InboundMessage)

    /// Puts them back into the queue, to be delivered again.
    func requeue(_ messages: [InboundMessage])

    /// Takes no more; what was not handed out goes back, what was may still be settled.
    func stop() async
}
