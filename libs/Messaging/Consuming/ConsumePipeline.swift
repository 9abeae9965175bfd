package import EventLoop
package import Observability
package import Orders

/// The consume pipeline: envelope → type and version → decode → scope → handle → ack, retry or park.
///
/// No message is acked before it is done, or a copy of it is safe in a retry or dead-letter queue.
@Loop
package final class ConsumePipeline<Handler: EventHandler> {
    /// How long one batch may wait for a server that is away before it goes back to the queue: well under
    /// RabbitMQ's consumer time-out of 30 minutes.
    static var patience: Duration { .seconds(600) }
    private static var sendLimit: Duration { .seconds(10) }
    private static var reasonLimit: Int { 512 }

    private let queue: String
    private let source: any MessageSource
    private let sender: any MessageSender
    private let decoder: EventDecoder<Handler.Event>
    private let handler: Handler
    private let ladder: RetryLadder
    private let log: Logger?
    private let meters: PipelineMeters?
    private let rest = Rest()
    /// Messages whose verdict is awaited beside the batches.
    private var undecided: [Int: Task<Void, Never>] = [:]
    private var nextUndecided = 0

    /// Whether the handler waits for a server that is away; for readiness.
    package private(set) var isHeldUp = false

    package init(
        queue: String, from source: any MessageSource, to sender: any MessageSender,
        decoder: EventDecoder<Handler.Event>, handler: Handler, ladder: RetryLadder = .standard,
        log: Logger? = nil, metrics: Metrics? = nil
    ) {
        self.queue = queue
        self.source = source
        self.sender = sender
        self.decoder = decoder
        self.handler = handler
        self.ladder = ladder
        self.log = log
        meters = metrics.map { PipelineMeters($0, queue: queue) }
    }

    /// Works until `stop`; what is under way is finished.
    package func run() async {
        while let batch = await source.next() { await process(batch) }
        while let task = undecided.values.first { await task.value }
    }

    /// Takes no more messages and ends `run` once the batch under way is settled.
    package func stop() async {
        rest.end()
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
                log?.error("message.defective", ["queue": queue])
                meters?.parked.increment()
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
                await park(message, nil, reason: error.description)
            }
        }
        for group in BatchPlan.split(items.map(\.message.isRedelivered)) {
            await handle(items[group])
        }
        meters?.batch.observe(Double(batch.count))
        meters?.duration.observe(start.duration(to: .systemNow()))
    }

    private func handle(_ items: ArraySlice<Item>) async {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(5))
        let giveUp = Instant.systemNow() + Self.patience
        while true {
            do {
                let verdicts = try await handler.handle(items.map(\.received))
                precondition(verdicts.count == items.count, "a verdict a message")
                return await settle(items, verdicts)
            } catch {
                switch BatchFailure.decide(error, batch: items.count) {
                case .takeApart:
                    log?.warning(
                        "batch.taken-apart", ["queue": queue, "messages": items.count, "error": "\(error)"])
                    for index in items.indices { await handle(items[index...index]) }
                    return
                case .settle(let failure): return await settle(items, [.failed(failure)])
                case .again:
                    if !isHeldUp { log?.warning("batch.held-up", ["queue": queue, "error": "\(error)"]) }
                    isHeldUp = true
                    defer { isHeldUp = false }
                    guard Instant.systemNow() < giveUp, await rest.sleep(for: backoff.next()) else {
                        return source.release(items.map(\.message))
                    }
                }
            }
        }
    }

    private func settle(_ items: ArraySlice<Item>, _ verdicts: [Verdict]) async {
        var done: [InboundMessage] = []
        done.reserveCapacity(items.count)
        var failed: [(Item, HandlingError)] = []
        for (item, verdict) in zip(items, verdicts) {
            switch verdict {
            case .done: done.append(item.message)
            case .failed(let error): failed.append((item, error))
            case .later: decide(item)
            }
        }
        meters?.done.increment(by: UInt64(done.count))
        source.ack(done)
        for (item, error) in failed {
            switch Disposition.decide(error, attempt: item.message.envelope.attempt, ladder) {
            case .retry(let delay, let attempt): await retry(item, after: delay, attempt, error)
            case .park: await park(item.message, item.received.event, reason: error.reason)
            }
        }
    }

    /// Awaits the verdict on one message while the queue goes on.
    private func decide(_ item: Item) {
        let number = nextUndecided
        nextUndecided += 1
        undecided[number] = Loop.task { [self] in
            defer { undecided[number] = nil }
            let verdict: Verdict
            do {
                verdict = try await handler.decide(item.received)
            } catch {
                let error = error as? HandlingError
                verdict = .failed(error ?? HandlingError(.transient, "The handler failed unexpectedly."))
            }
            let isUndecided = verdict == .later
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
            cid: envelope.correlationID, trace: item.received.scope.trace)
        let copy = OutboundMessage(
            to: .queue(OrderTopology.retry(queue, after: delay)), envelope, body: item.message.body)
        if await replace(item.message, by: copy) { meters?.retried.increment() }
    }

    private func park(_ message: InboundMessage, _ event: Handler.Event?, reason: String) async {
        var envelope = message.envelope
        let reason = String(reason.prefix(Self.reasonLimit))
        envelope.failure = Envelope.Failure(reason: reason, failedAt: RFC3339.now().description)
        log?.error(
            "message.parked", ["queue": queue, "attempt": envelope.attempt, "error": reason],
            cid: envelope.correlationID, trace: envelope.trace)
        let copy = OutboundMessage(
            to: .queue(OrderTopology.deadLetters(of: queue)), envelope, body: message.body)
        guard await replace(message, by: copy, acking: false) else { return }
        meters?.parked.increment()
        let parked = Parked(envelope, event, body: message.body, reason: reason)
        // Untold because a server is away, it goes back: told later is worth a second copy among the dead.
        if await tell(parked) { source.ack([message]) } else { source.release([message]) }
    }

    /// - Returns: false when somebody is still to be told and this process gives up.
    private func tell(_ parked: Parked<Handler.Event>) async -> Bool {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(2))
        let giveUp = Instant.systemNow() + Self.patience
        defer { isHeldUp = false }
        while true {
            do {
                try await handler.parked(parked)
                return true
            } catch {
                log?.error(
                    "message.parked-untold", ["queue": queue, "error": "\(error)"],
                    cid: parked.envelope.correlationID)
                isHeldUp = (error as? HandlingError)?.kind == .unavailable
                if !isHeldUp, backoff.failures >= 5 { return true }
                guard Instant.systemNow() < giveUp, await rest.sleep(for: backoff.next()) else {
                    return !isHeldUp
                }
            }
        }
    }

    /// Makes sure the copy is safe, and only then settles the original; without it, the original goes back.
    private func replace(
        _ message: InboundMessage, by copy: OutboundMessage, acking: Bool = true
    ) async -> Bool {
        do throws(MessagingError) {
            try await sender.send(copy, within: Self.sendLimit)
        } catch {
            log?.error(
                "message.not-moved", ["queue": queue, "error": "\(error)"], cid: copy.envelope.correlationID)
            // The broker would deliver it again at once.
            _ = await rest.sleep(for: .seconds(1))
            source.release([message])
            return false
        }
        if acking { source.ack([message]) }
        return true
    }
}
