package import EventLoop
internal import Glibc

/// One session with the server, on the loop, in libpq's pipeline mode.
///
/// Statements are sent at once, without waiting for earlier ones, and answered in order. A
/// ``pipeline(_:within:)`` is one request: its statements are sent together and succeed or fail together.
/// A deadline that passes and a task that is cancelled cost that request only: its caller is resumed, and the late answer
/// is dropped. An answer that is the configuration's `lateLimit` late ends the session, and the server is asked to cancel
/// the statement. A session stays open until it is closed, even if nothing references it.
@Loop
package final class PostgresConnection: DescriptorHandler {
    /// Called when no request is pending any more.
    var onIdle: (@Loop () -> Void)?
    /// Called once, when the session ends for any reason; nil after ``close()``.
    package var onClose: (@Loop (PostgresError?) -> Void)?
    /// Warnings and notices; they may quote data.
    package var onNotice: (@Loop (PostgresDiagnostics) -> Void)?

    /// Called when the server refuses a statement for its own state: read-only, no permission, a full disk.
    var onRefusal: (@Loop (PostgresError) -> Void)?
    /// Whether the session began as a read-only one, as on a standby.
    private(set) var isReadOnly = false
    private var wasRefused = false

    package let configuration: PostgresConfiguration
    /// Requests that may be pending at a time, before ``PostgresError/Code/overloaded``.
    package static let pendingLimit = 128

    package private(set) var isOpen = true
    /// Why the session ended; nil while it is open and after ``close()``.
    package private(set) var closeError: PostgresError?
    /// The BEGIN of a transaction that has sent nothing yet: it is sent with the first statement.
    var deferredBegin: PostgresStatement?

    private var handle: PostgresConnectionHandle
    private let notices: NoticeBuffer
    private var watched: Int32 = -1
    private var registration: Registration?
    private var isWriteBlocked = false
    private var statements = StatementCache()
    private var sent = Deque<PipelineRequest>()
    private var waiting = Deque<PipelineRequest>()
    private var lastRequest = 0
    private var isInPipeline = true
    private var timerDeadline = Instant(nanoseconds: 0)
    private lazy var timer = Timer { [weak self] in self?.deadlinePassed() }

    private init(
        _ handle: consuming PostgresConnectionHandle, _ notices: NoticeBuffer,
        _ configuration: PostgresConfiguration
    ) {
        self.handle = handle
        self.notices = notices
        self.configuration = configuration
    }

    /// Opens a session within `connectTimeout`.
    package static func connect(_ configuration: PostgresConfiguration) async throws(PostgresError)
        -> PostgresConnection
    {
        let notices = NoticeBuffer()
        let deadline = Loop.now + configuration.connectTimeout
        let handle = try await PostgresHandshake.open(configuration, notices, until: deadline)
        let connection = PostgresConnection(handle, notices, configuration)
        do {
            connection.watched = connection.handle.duplicateSocket()
            connection.registration = try Loop.register(connection.watched, connection, interest: .readable)
        } catch {
            connection.close()
            throw PostgresError(.connectionFailed, "the socket cannot be watched")
        }
        try await connection.set(configuration.parameters, until: deadline)
        return connection
    }

    /// Not as start-up options, which poolers refuse.
    private func set(
        _ parameters: [(name: String, value: String)], until deadline: Instant
    ) async throws(PostgresError) {
        var batch = PostgresBatch()
        for parameter in parameters {
            batch.add(Self.setParameter, PostgresParameters(parameter.name, parameter.value))
        }
        batch.add(Self.readOnly, PostgresParameters())
        do throws(PostgresError) {
            let answers = try await perform(
                .batch(batch), within: max(.milliseconds(1), Loop.now.duration(to: deadline)))
            isReadOnly = try answers.last?.one().string(0) == "on"
        } catch {
            close()
            throw PostgresError(.connectionFailed, "the session cannot be set up", report: error.report)
        }
    }

    private static let readOnly = PostgresStatement(
        "SELECT current_setting('transaction_read_only')", reused: false)
    private static let setParameter = PostgresStatement("SELECT set_config($1, $2, false)", reused: false)

    /// The server's process that serves this session, as `pg_terminate_backend` takes it.
    package var serverProcess: Int32 { handle.serverProcess }
    package var usesTLS: Bool { handle.usesTLS }
    package var serverVersion: Int32 { handle.serverVersion }
    /// Requests sent or waiting to be sent.
    package var pendingRequests: Int { sent.count + waiting.count }
    /// True when no request is pending and no transaction is open.
    var isReusable: Bool {
        isOpen && !wasRefused && pendingRequests == 0 && deferredBegin == nil
            && handle.transactionState == .idle
    }
    var isInTransaction: Bool { handle.transactionState != .idle }
    /// In a transaction in which no statement has failed.
    var isInGoodTransaction: Bool { handle.transactionState == .inTransaction }

    /// Ends the session at once; pending requests fail with `.closed`.
    package func close() { end(nil) }

    // MARK: Requests

    func perform(_ work: PipelineRequest.Work, within limit: Duration?) async throws(PostgresError)
        -> [PostgresRows]
    {
        let cancelled = Result<[PostgresRows], PostgresError>.failure(PostgresError(.cancelled, "cancelled"))
        let result = await Loop.suspend(orCancelled: cancelled) { continuation in
            if let rejection { return continuation.resume(returning: .failure(rejection)) }
            let deadline = Loop.now + (limit ?? configuration.queryTimeout)
            lastRequest += 1
            waiting.append(
                PipelineRequest(
                    number: lastRequest, work: work, deadline: deadline, continuation: continuation))
            armTimer(deadline)
            sendWaiting()
        }
        return try result.get()
    }

    /// Why no more requests are accepted.
    private var rejection: PostgresError? {
        if let closeError {
            return PostgresError(.connectionLost, "the session had ended", report: closeError.report)
        }
        if !isOpen { return PostgresError(.closed, "the session was closed") }
        guard pendingRequests >= Self.pendingLimit else { return nil }
        return PostgresError(.overloaded, "\(pendingRequests) requests wait on this session")
    }

    private func sendWaiting() {
        while isOpen, let request = waiting.first {
            switch request.work {
            case .batch(let batch):
                guard isInPipeline else { return }
                _ = waiting.popFirst()
                send(request, batch)
            case .script(let sql):
                // The simple protocol requires an otherwise idle session.
                guard sent.isEmpty else { return }
                _ = waiting.popFirst()
                sent.append(request)
                isInPipeline = false
                guard handle.exitPipeline(), handle.sendScript(sql) else { return connectionFailed() }
                flush()
            }
        }
    }

    private func send(_ request: PipelineRequest, _ batch: PostgresBatch) {
        var request = request
        var steps: [QueryState.Step] = []
        steps.reserveCapacity(batch.entries.count * 2)
        if let begin = deferredBegin {
            deferredBegin = nil
            steps.append(.executeSilently)
            guard handle.sendUnprepared(begin.sql, PostgresParameters()) else {
                return connectionFailed(request)
            }
        }
        for entry in batch.entries {
            let key = StatementCache.Key(statement: entry.statement, types: entry.parameters.types)
            var isSent = true
            switch statements.plan(key, request: request.number) {
            case .prepare(let name):
                steps.append(.prepare(key))
                isSent =
                    handle.sendPrepare(name, key.statement.sql, key.types)
                    && handle.sendPrepared(name, entry.parameters)
            case .prepared(let name): isSent = handle.sendPrepared(name, entry.parameters)
            case .unnamed: isSent = handle.sendUnprepared(key.statement.sql, entry.parameters)
            }
            guard isSent else { return connectionFailed(request) }
            steps.append(.execute(key))
        }
        request.queryState = QueryState(steps)
        sent.append(request)
        guard handle.sendSync() else { return connectionFailed() }
        flush()
    }

    private func flush() {
        switch handle.flush() {
        case .done: setWriteBlocked(false)
        case .blocked: setWriteBlocked(true)
        case .failed: connectionFailed()
        }
    }

    private func setWriteBlocked(_ isBlocked: Bool) {
        guard isBlocked != isWriteBlocked else { return }
        isWriteBlocked = isBlocked
        registration?.update(isBlocked ? [.readable, .writable] : .readable)
    }

    // MARK: Results

    package func descriptorReady(_ readiness: Readiness) {
        // A TLS record may be twice as long as one read of libpq, and bytes buffered inside OpenSSL make no
        // descriptor readable. Reading twice also receives the server's last report before the end of the
        // connection.
        for _ in 0..<(handle.usesTLS ? 2 : 1) {
            let isAlive = handle.consumeInput()
            receiveResults()
            deliverEvents()
            guard isOpen else { return }
            guard isAlive else { return connectionFailed() }
        }
        if isWriteBlocked { flush() }
        sendWaiting()
    }

    private func receiveResults() {
        var emptyResults = 0
        while isOpen, !sent.isEmpty, !handle.isBusy {
            guard let result = handle.nextResult() else {
                emptyResults += 1
                // Two in a row: libpq has no result, although requests are pending.
                if emptyResults > 1 { return }
                resultsEnded()
                continue
            }
            emptyResults = 0
            receive(result)
        }
        // libpq parses notifications and unsolicited errors only when it is called.
        if isOpen, sent.isEmpty { _ = handle.isBusy }
    }

    private func receive(_ result: consuming PostgresResultHandle) {
        switch result.status {
        case .pipelineSync: finishFirst()
        case .command, .tuples: apply(.rows(PostgresRows(result)))
        case .failed: apply(.failed(result.report))
        // It would go on for ever: no statement of this library copies.
        case .copy: end(PostgresError(.connectionLost, "the server began a COPY"))
        case .pipelineAborted: apply(.skipped)
        }
    }

    private func apply(_ event: QueryState.Event) {
        switch sent.withFirst({ $0.receive(event) }) {
        case .settled(let key, let isPrepared): statements.settle(key, isPrepared: isPrepared)
        case .forget(let key): statements.forget(key)
        case .replace(let key): statements.replace(key)
        case .some(.none), nil: break
        }
    }

    private func resultsEnded() {
        guard isInPipeline else {
            // A script ends with the first nil; then the pipeline is entered again.
            isInPipeline = handle.enterPipeline()
            return isInPipeline ? finishFirst() : connectionFailed()
        }
        apply(.ended)
    }

    private func finishFirst() {
        guard let request = sent.popFirst() else { return }
        if let failure = request.failure, failure.isRefusal {
            // Another session may be a writable one.
            wasRefused = true
            onRefusal?(failure)
        }
        request.finish()
        guard pendingRequests == 0 else { return }
        timer.cancel()
        onIdle?()
    }

    private func deliverEvents() {
        if !notices.isEmpty {
            let reports = notices.take()
            if let onNotice { reports.forEach(onNotice) }
        }
    }

    // MARK: Closing

    private func armTimer(_ deadline: Instant) {
        // A timer that fires too early finds no expired request, and rearms for the next deadline.
        if timer.isArmed, timerDeadline <= deadline { return }
        timerDeadline = deadline
        timer.arm(at: deadline)
    }

    private func deadlinePassed() {
        let now = Loop.now
        for request in sent where request.deadline <= now { request.expire() }
        for _ in 0..<waiting.count {
            guard let request = waiting.popFirst() else { break }
            // It was not sent yet, and is not any more.
            request.deadline <= now ? request.expire() : waiting.append(request)
        }
        if let first = sent.first, first.deadline + configuration.lateLimit <= now { return abandon() }
        let deadlines = [sent, waiting].lazy.flatMap { $0.lazy.map(\.deadline) }
        let next = deadlines.map { $0 <= now ? $0 + self.configuration.lateLimit : $0 }.min()
        if let next { armTimer(next) }
    }

    /// Ends a session that owes an answer, and asks the server to cancel the statement.
    func abandon() { end(PostgresError(.timedOut, "no answer within the deadline")) }

    private func connectionFailed(_ request: PipelineRequest? = nil) {
        let report = handle.failureReport
        if let request { sent.append(request) }
        end(PostgresError(.connectionLost, "the session broke", report: report))
    }

    private func end(_ error: PostgresError?) {
        guard isOpen else { return }
        isOpen = false
        closeError = error
        timer.cancel()
        // Otherwise the server would detect the closed connection only at its next write.
        if error?.code == .timedOut, let cancellation = handle.cancellation() { cancellation.send() }
        registration?.cancel()
        registration = nil
        if watched >= 0 { Glibc.close(watched) }
        handle.close()
        while let request = sent.popFirst() ?? waiting.popFirst() { request.fail(error) }
        let onClose = onClose
        (self.onClose, onNotice, onRefusal, onIdle) = (nil, nil, nil, nil)
        onClose?(error)
    }
}
