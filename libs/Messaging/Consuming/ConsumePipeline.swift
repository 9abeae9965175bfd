package import EventLoop
package import Observability
package import Orders

/// The consume pipeline: decode by type and version → handle → ack, retry or dead-letter.
///
/// No message is acked before it is handled, or a copy of it is confirmed in a retry or dead-letter queue. While the
/// broker confirms nothing, a message that needs a copy is held, and the queue continues.
///
/// A pipeline whose source is `<queue>.dead` gets what the broker dead-lettered by itself: it adds the reason, moves the
/// message to `<queue>.dlq` and notifies the handler, as for its own dead letters.
@Loop
package final class ConsumePipeline<Handler: EventHandler>: Service {
    /// How long a batch may wait for an unavailable server before it is requeued: well below RabbitMQ's
    /// consumer timeout of 30 minutes.
    private static var retryWindow: Duration { .seconds(600) }
    private static var sendTimeout: Duration { .seconds(10) }
    private static var reasonLimit: Int { 512 }
    /// Deferred messages that may wait here for a server; more of them would keep others from being delivered.
    static var waitingLimit: Int { 64 }
    /// Below the broker's limit of 20, after which it would dead-letter by itself.
    private static var deliveryLimit: Int { 15 }
    private typealias Message = Received<Handler.Event>

    private let queue: String
    private let source: any MessageSource
    private let sender: any MessageSender
    private let decoder: EventDecoder<Handler.Event>
    private let handler: Handler
    private let retryPolicy: RetryPolicy
    private let log: Logger?
    private let metrics: PipelineMetrics?
    private let spans: ConsumerSpans?
    private let stopping = AsyncSignal()
    private let finished = AsyncSignal()
    /// Handles deferred messages concurrently with the batches.
    private let deferred = TaskTracker()

    private var nextWaitReport = Loop.now
    /// Deferred messages in work.
    private var waiting = 0

    /// Whether a batch waits for an unavailable server; for readiness. Deferred messages hold nothing up.
    package private(set) var isWaitingForDependency = false

    package init(
        queue: String, from source: any MessageSource, to sender: any MessageSender,
        decoder: EventDecoder<Handler.Event>, handler: Handler, retryPolicy: RetryPolicy = .standard,
        log: Logger? = nil, metrics: Metrics? = nil, tracer: Tracer? = nil
    ) {
        self.queue = queue
        self.source = source
        self.sender = sender
        self.decoder = decoder
        self.handler = handler
        self.retryPolicy = retryPolicy
        self.log = log
        self.metrics = metrics.map { PipelineMetrics($0, queue: queue) }
        spans = tracer.map { ConsumerSpans($0, queue: queue) }
    }

    /// Consumes until `drain`; the current batch is finished.
    package func run() async throws {
        while let batch = await source.next() { await process(batch) }
        await deferred.finish()
        finished.set()
        try await Loop.sleepUntilCancelled()
    }

    /// Takes no more messages and waits until the current ones are settled.
    package func drain(until deadline: Instant) async {
        stopping.set()
        await source.stop()
        await finished.wait()
    }

    // MARK: One batch

    private func process(_ batch: [InboundMessage]) async {
        let start = Instant.systemNow()
        var messages: [Message] = []
        messages.reserveCapacity(batch.count)
        for message in batch {
            if message.isDefective {
                log?.error("message.rejected", ["queue": queue])
                metrics?.deadLettered.increment()
                source.reject(message)
                continue
            }
            let event: Handler.Event
            do {
                event = try decoder.decode(type: message.envelope.type, body: message.body)
            } catch {
                deadLetterLater(message, nil, reason: message.brokerReason ?? error.description)
                continue
            }
            if let reason = message.brokerReason {
                deadLetterLater(message, event, reason: reason)
            } else if message.deliveries >= Self.deliveryLimit {
                deadLetterLater(
                    message, event, reason: "It was delivered too often: it may end its consumer.")
            } else {
                messages.append(Message(event, message))
            }
        }
        for group in BatchPlan.split(messages.map(\.isRedelivered)) { await handle(messages[group]) }
        metrics?.batch.observe(Double(batch.count))
        metrics?.duration.observe(start.duration(to: .systemNow()))
    }

    private func handle(_ messages: ArraySlice<Message>) async {
        let isHandled = await Loop.retry(
            Backoff(base: .milliseconds(100), cap: .seconds(5)), until: .systemNow() + Self.retryWindow,
            stopping: stopping
        ) { _ in
            do {
                let results = try await handler.handle(Array(messages))
                precondition(results.count == messages.count, "one result a message")
                isWaitingForDependency = false
                await settle(messages, results)
                return true
            } catch {
                return await recover(messages, from: error)
            }
        }
        isWaitingForDependency = false
        if !isHandled { source.requeue(messages.map(\.message)) }
    }

    /// - Returns: false when the same batch is to be retried.
    private func recover(_ messages: ArraySlice<Message>, from error: any Error) async -> Bool {
        switch BatchFailure.decide(error, batch: messages.count) {
        case .retryIndividually:
            log?.warning(
                "batch.retried_individually",
                ["queue": queue, "messages": messages.count, "error": "\(error)"])
            for index in messages.indices { await handle(messages[index...index]) }
            return true
        case .settle(let failure):
            await settle(messages, [.failed(failure)])
            return true
        case .retryBatch:
            // A server that answers now and then fills no log.
            if !isWaitingForDependency, Loop.now >= nextWaitReport {
                nextWaitReport = Loop.now + .seconds(30)
                log?.warning("batch.waiting_for_dependency", ["queue": queue, "error": "\(error)"])
            }
            isWaitingForDependency = true
            return false
        }
    }

    private func settle(_ messages: ArraySlice<Message>, _ results: [HandlingResult]) async {
        var done: [InboundMessage] = []
        done.reserveCapacity(messages.count)
        var failed: [(Message, HandlingError)] = []
        let end = Instant.systemNow()
        for (message, result) in zip(messages, results) {
            switch result {
            case .done:
                done.append(message.message)
                spans?.record(message, .done, to: end)
            case .failed(let error): failed.append((message, error))
            case .deferred: deferred.start { [self] in await handleDeferred(message) }
            }
        }
        metrics?.done.increment(by: UInt64(done.count))
        source.ack(done)
        for (message, error) in failed {
            switch Disposition.decide(error, attempt: message.envelope.attempt, retryPolicy) {
            case .retry(let delay, let attempt):
                spans?.record(message, .retried, error: error.reason)
                deferred.start { [self] in await retry(message, after: delay, attempt, error) }
            case .deadLetter:
                spans?.record(message, .deadLettered, error: error.reason)
                deadLetterLater(message.message, message.event, reason: error.reason, code: error.code)
            }
        }
    }

    private func handleDeferred(_ message: Message) async {
        waiting += 1
        defer { waiting -= 1 }
        var result = HandlingResult.failed(.unexpected)
        var isInTheWay = false
        let isHandled = await Loop.retry(
            Backoff(base: .milliseconds(100), cap: .seconds(2)), until: .systemNow() + Self.retryWindow,
            stopping: stopping
        ) { _ in
            do {
                result = try await handler.handleDeferred(message)
                return true
            } catch {
                let failure = error as? HandlingError ?? .unexpected
                result = .failed(failure)
                isInTheWay = failure.kind == .unavailable && waiting > Self.waitingLimit
                return isInTheWay || failure.kind != .unavailable
            }
        }
        guard isHandled else { return source.requeue([message.message]) }
        if isInTheWay { return await setAside(message) }
        if result == .deferred {
            result = .failed(HandlingError(.transient, "The handler did not decide in time."))
        }
        await settle([message][...], [result])
    }

    /// Moves a message to a retry queue; its attempts are not counted.
    private func setAside(_ message: Message) async {
        if await delay(message, message.envelope, by: retryPolicy.delays[retryPolicy.delays.count / 2]) {
            metrics?.setAside.increment()
            spans?.record(message, .setAside)
        }
    }

    private func retry(_ message: Message, after delay: Duration, _ attempt: Int, _ error: HandlingError)
        async
    {
        var envelope = message.envelope
        envelope.attempt = attempt
        log?.warning(
            "message.retried", ["queue": queue, "attempt": attempt, "delayMs": delay, "error": error.reason],
            cid: envelope.correlationID, trace: message.context.trace)
        if await self.delay(message, envelope, by: delay) { metrics?.retried.increment() }
    }

    /// - Returns: whether a copy is in the retry queue, and the message acked.
    private func delay(_ message: Message, _ envelope: Envelope, by delay: Duration) async -> Bool {
        let copy = OutboundMessage(
            to: .queue(OrderTopology.retryQueue(queue, after: delay)), envelope, body: message.body)
        guard await republish(message.message, as: copy) else { return false }
        source.ack([message.message])
        return true
    }

    private func deadLetterLater(
        _ message: InboundMessage, _ event: Handler.Event?, reason: String, code: String? = nil
    ) {
        deferred.start { [self] in await deadLetter(message, event, reason: reason, code: code) }
    }

    private func deadLetter(
        _ message: InboundMessage, _ event: Handler.Event?, reason: String, code: String? = nil
    ) async {
        var envelope = message.envelope
        let reason = String(reason.prefix(Self.reasonLimit))
        envelope.failure = Envelope.Failure(reason: reason, failedAt: RFC3339.now().description)
        log?.error(
            "message.dead_lettered", ["queue": queue, "attempt": envelope.attempt, "error": reason],
            cid: envelope.correlationID, trace: envelope.trace)
        let copy = OutboundMessage(
            to: .queue(OrderTopology.deadLetterQueue(of: queue)), envelope, body: message.body)
        guard await republish(message, as: copy) else { return }
        metrics?.deadLettered.increment()
        let entry = DeadLetter(envelope, event, body: message.body, reason: reason, code: code)
        // Requeued when a server is unavailable: a second copy in the dead-letter queue is better than a
        // missing notification.
        if await notifyHandler(entry) { source.ack([message]) } else { source.requeue([message]) }
    }

    /// - Returns: false when the handler still has to be called and this process stops retrying.
    private func notifyHandler(_ entry: DeadLetter<Handler.Event>) async -> Bool {
        defer { isWaitingForDependency = false }
        let isNotified = await Loop.retry(
            Backoff(base: .milliseconds(100), cap: .seconds(2)), until: .systemNow() + Self.retryWindow,
            stopping: stopping
        ) { failures in
            do {
                try await handler.deadLettered(entry)
                return true
            } catch {
                log?.error(
                    "message.dead_letter_handler_failed", ["queue": queue, "error": "\(error)"],
                    cid: entry.envelope.correlationID)
                isWaitingForDependency = (error as? HandlingError)?.kind == .unavailable
                return !isWaitingForDependency && failures >= 5
            }
        }
        return isNotified || !isWaitingForDependency
    }

    /// Publishes a copy to another queue.
    ///
    /// - Returns: false when it is not confirmed for long, or this process stops; the original is then requeued.
    private func republish(_ message: InboundMessage, as copy: OutboundMessage) async -> Bool {
        let isConfirmed = await Loop.retry(
            Backoff(base: .milliseconds(100), cap: .seconds(5)), until: .systemNow() + Self.retryWindow,
            stopping: stopping
        ) { failures in
            do throws(MessagingError) {
                try await sender.send(copy, within: Self.sendTimeout)
                return true
            } catch {
                if failures == 0 {
                    log?.error(
                        "message.republish_failed", ["queue": queue, "error": "\(error)"],
                        cid: copy.envelope.correlationID)
                }
                return false
            }
        }
        if !isConfirmed { source.requeue([message]) }
        return isConfirmed
    }
}
