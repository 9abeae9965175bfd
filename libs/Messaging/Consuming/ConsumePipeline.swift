package import EventLoop
package import Observability
package import Orders

/// The consume pipeline: envelope → type and version → decode → context → handle → ack, retry or park.
///
/// No message is acked before it is done, or a copy of it is safe in a retry or dead-letter queue.
@Loop
package final class ConsumePipeline<Handler: EventHandler> {
    /// How long one batch may wait for a server that is away before it goes back to the queue: well under
    /// RabbitMQ's consumer time-out of 30 minutes.
    static var retryWindow: Duration { .seconds(600) }
    private static var sendTimeout: Duration { .seconds(10) }
    private static var reasonLimit: Int { 512 }

    private let queue: String
    private let source: any MessageSource
    private let sender: any MessageSender
    private let decoder: EventDecoder<Handler.Event>
    private let handler: Handler
    private let retryPolicy: RetryPolicy
    private let log: Logger?
    private let metrics: PipelineMetrics?
    private let delays = CancellableDelay()
    /// Messages whose verdict is awaited beside the batches.
    private var deferredTasks: [Int: Task<Void, Never>] = [:]
    private var nextDeferredID = 0

    /// Whether the handler waits for a server that is away; for readiness.
    package private(set) var isWaitingForDependency = false

    package init(
        queue: String, from source: any MessageSource, to sender: any MessageSender,
        decoder: EventDecoder<Handler.Event>, handler: Handler, retryPolicy: RetryPolicy = .standard,
        log: Logger? = nil, metrics: Metrics? = nil
    ) {
        self.queue = queue
        self.source = source
        self.sender = sender
        self.decoder = decoder
        self.handler = handler
        self.retryPolicy = retryPolicy
        self.log = log
        self.metrics = metrics.map { PipelineMetrics($0, queue: queue) }
    }

    /// Works until `stop`; what is under way is finished.
    package func run() async {
        while let batch = await source.next() { await process(batch) }
        while let task = deferredTasks.values.first { await task.value }
    }

    /// Takes no more messages and ends `run` once the batch under way is settled.
    package func stop() async {
        delays.end()
        await source.stop()
    }

    // MARK: One batch

    /// A message that was understood.
    private struct Item {
        let message: InboundMessage
        let received: Received<Handler.Event>
    }

    private func process(_ batch: [InboundMessage]) async {
        let start = Instant.systemNow()
        var items: [Item] = []
        items.reserveCapacity(batch.count)
        for message in batch {
            if message.isDefective {
                log?.error("message.rejected", ["queue": queue])
                metrics?.deadLettered.increment()
                source.reject(message)
                continue
            }
            do {
                let event = try decoder.decode(type: message.envelope.type, body: message.body)
                let trace = message.envelope.trace?.child() ?? .root()
                items.append(
                    Item(
                        message: message,
                        received: Received(
                            event, message.envelope, trace: trace, isRedelivered: message.isRedelivered)))
            } catch {
                await deadLetter(message, nil, reason: error.description)
            }
        }
        for group in BatchPlan.split(items.map(\.message.isRedelivered)) {
            await handle(items[group])
        }
        metrics?.batch.observe(Double(batch.count))
        metrics?.duration.observe(start.duration(to: .systemNow()))
    }

    private func handle(_ items: ArraySlice<Item>) async {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        let giveUp = Instant.systemNow() + Self.retryWindow
        while true {
            do {
                let verdicts = try await handler.handle(items.map(\.received))
                precondition(verdicts.count == items.count, "a verdict a message")
                return await settle(items, verdicts)
            } catch {
                switch BatchFailure.decide(error, batch: items.count) {
                case .retryIndividually:
                    log?.warning(
                        "batch.retried_individually", ["queue": queue, "messages": items.count, "error": "\(error)"])
                    for index in items.indices { await handle(items[index...index]) }
                    return
                case .settle(let failure): return await settle(items, [.failed(failure)])
                case .retryBatch:
                    if !isWaitingForDependency { log?.warning("batch.waiting_for_dependency", ["queue": queue, "error": "\(error)"]) }
                    isWaitingForDependency = true
                    defer { isWaitingForDependency = false }
                    guard Instant.systemNow() < giveUp, await delays.sleep(for: backoff.next()) else {
                        return source.requeue(items.map(\.message))
                    }
                }
            }
        }
    }

    private func settle(_ items: ArraySlice<Item>, _ verdicts: [HandlingResult]) async {
        var done: [InboundMessage] = []
        done.reserveCapacity(items.count)
        var failed: [(Item, HandlingError)] = []
        for (item, verdict) in zip(items, verdicts) {
            switch verdict {
            case .done: done.append(item.message)
            case .failed(let error): failed.append((item, error))
            case .deferred: handleDeferred(item)
            }
        }
        metrics?.done.increment(by: UInt64(done.count))
        source.ack(done)
        for (item, error) in failed {
            switch Disposition.decide(error, attempt: item.message.envelope.attempt, retryPolicy) {
            case .retry(let delay, let attempt): await retry(item, after: delay, attempt, error)
            case .deadLetter: await deadLetter(item.message, item.received.event, reason: error.reason)
            }
        }
    }

    /// Awaits the verdict on one message while the queue goes on.
    private func handleDeferred(_ item: Item) {
        let number = nextDeferredID
        nextDeferredID += 1
        deferredTasks[number] = Loop.task { [self] in
            defer { deferredTasks[number] = nil }
            let verdict: HandlingResult
            do {
                verdict = try await handler.handleDeferred(item.received)
            } catch {
                let error = error as? HandlingError
                verdict = .failed(error ?? HandlingError(.transient, "The handler failed unexpectedly."))
            }
            let isUndecided = verdict == .deferred
            await settle(
                [item][...],
                [isUndecided ? .failed(HandlingError(.transient, "There was no verdict in time.")) : verdict])
        }
    }

    private func retry(_ item: Item, after delay: Duration, _ attempt: Int, _ error: HandlingError) async {
        var envelope = item.message.envelope
        envelope.attempt = attempt
        log?.warning(
            "message.retried", ["queue": queue, "attempt": attempt, "delayMs": delay, "error": error.reason],
            cid: envelope.correlationID, trace: item.received.context.trace)
        let copy = OutboundMessage(
            to: .queue(OrderTopology.retryQueue(queue, after: delay)), envelope, body: item.message.body)
        if await replace(item.message, by: copy) { metrics?.retried.increment() }
    }

    private func deadLetter(_ message: InboundMessage, _ event: Handler.Event?, reason: String) async {
        var envelope = message.envelope
        let reason = String(reason.prefix(Self.reasonLimit))
        envelope.failure = Envelope.Failure(reason: reason, failedAt: RFC3339.now().description)
        log?.error(
            "message.dead_lettered", ["queue": queue, "attempt": envelope.attempt, "error": reason],
            cid: envelope.correlationID, trace: envelope.trace)
        let copy = OutboundMessage(
            to: .queue(OrderTopology.deadLetterQueue(of: queue)), envelope, body: message.body)
        guard await replace(message, by: copy, acking: false) else { return }
        metrics?.deadLettered.increment()
        let parked = DeadLetter(envelope, event, body: message.body, reason: reason)
        // Untold because a server is away, it goes back: told later is worth a second copy among the dead.
        if await notifyHandler(parked) { source.ack([message]) } else { source.requeue([message]) }
    }

    /// - Returns: false when somebody is still to be told and this process gives up.
    private func notifyHandler(_ parked: DeadLetter<Handler.Event>) async -> Bool {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        let giveUp = Instant.systemNow() + Self.retryWindow
        defer { isWaitingForDependency = false }
        while true {
            do {
                try await handler.deadLettered(parked)
                return true
            } catch {
                log?.error(
                    "message.dead_letter_handler_failed", ["queue": queue, "error": "\(error)"],
                    cid: parked.envelope.correlationID)
                isWaitingForDependency = (error as? HandlingError)?.kind == .unavailable
                if !isWaitingForDependency, backoff.failures >= 5 { return true }
                guard Instant.systemNow() < giveUp, await delays.sleep(for: backoff.next()) else {
                    return !isWaitingForDependency
                }
            }
        }
    }

    /// Makes sure the copy is safe, and only then settles the original; without it, the original goes back.
    private func replace(
        _ message: InboundMessage, by copy: OutboundMessage, acking: Bool = true
    ) async -> Bool {
        do throws(MessagingError) {
            try await sender.send(copy, within: Self.sendTimeout)
        } catch {
            log?.error(
                "message.republish_failed", ["queue": queue, "error": "\(error)"], cid: copy.envelope.correlationID)
            // The broker would deliver it again at once.
            _ = await delays.sleep(for: .seconds(1))
            source.requeue([message])
            return false
        }
        if acking { source.ack([message]) }
        return true
    }
}
