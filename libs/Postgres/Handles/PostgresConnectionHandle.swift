internal import CPostgreSQL
internal import Glibc

/// Owns one `PGconn` and closes it; a closed one behaves like a broken connection.
@safe struct PostgresConnectionHandle: ~Copyable {
    enum Progress { case waitToRead, waitToWrite, open, failed }
    enum Flush { case done, blocked, failed }
    enum TransactionState { case idle, active, inTransaction, inFailedTransaction, unknown }

    private var pointer: OpaquePointer?
    /// Retained for as long as the PGconn may call it.
    private let notices: NoticeBuffer

    private init(adopting pointer: OpaquePointer?, _ notices: NoticeBuffer) {
        unsafe self.pointer = unsafe pointer
        self.notices = notices
    }

    deinit { unsafe PQfinish(pointer) }

    static var closed: PostgresConnectionHandle {
        unsafe PostgresConnectionHandle(adopting: nil, NoticeBuffer())
    }

    mutating func close() {
        unsafe PQfinish(pointer)
        unsafe pointer = nil
    }

    // MARK: Opening

    /// Starts connecting; does not block as long as hosts are numeric. Wait for writability next.
    static func start(_ options: [(keyword: String, value: String)], _ notices: NoticeBuffer)
        -> PostgresConnectionHandle
    {
        unsafe withCStrings(options.map(\.keyword)) { keywords in
            unsafe withCStrings(options.map(\.value)) { values in
                let pointer = unsafe PQconnectStartParams(keywords, values, 0)
                if let pointer = unsafe pointer { unsafe notices.install(on: pointer) }
                let handle = unsafe PostgresConnectionHandle(adopting: pointer, notices)
                handle.makeErrorsVerbose()
                return handle
            }
        }
    }

    func poll() -> Progress {
        switch unsafe PQconnectPoll(pointer) {
        case PGRES_POLLING_READING: .waitToRead
        case PGRES_POLLING_WRITING: .waitToWrite
        case PGRES_POLLING_OK: .open
        default: .failed
        }
    }

    /// The descriptor, which libpq owns and may replace while it connects; -1 when there is none.
    var socket: Int32 { unsafe PQsocket(pointer) }
    /// A duplicate of the descriptor, to be watched and closed by the caller; -1 when there is none. libpq may close its own
    /// while it reads, and another owner get the number.
    func duplicateSocket() -> Int32 { fcntl(socket, F_DUPFD_CLOEXEC, 0) }
    var isBroken: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }
    var usesTLS: Bool { unsafe PQsslInUse(pointer) != 0 }
    var serverProcess: Int32 { unsafe PQbackendPID(pointer) }
    /// For example 150004 for 15.4.
    var serverVersion: Int32 { unsafe PQserverVersion(pointer) }

    var transactionState: TransactionState {
        switch unsafe PQtransactionStatus(pointer) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .inFailedTransaction
        default: .unknown
        }
    }

    /// libpq's report of the last failure; may quote hosts, users and the server's text.
    var failureReport: PostgresDiagnostics {
        let text = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? ""
        // Verbose: "… failed: FATAL:  28P01: password authentication failed for user …"
        let words = text.split { $0 == " " || $0 == "\n" }
        // Not "FATAL:".
        let state = words.first {
            $0.count == 6 && $0.last == ":" && $0.dropLast().allSatisfy(Self.isOfSQLState)
                && $0.contains(where: \.isNumber)
        }
        return PostgresDiagnostics(
            severity: "FATAL", sqlState: PostgresSQLState(state.map { String($0.dropLast()) } ?? "08000"),
            message: text)
    }

    private static func isOfSQLState(_ character: Character) -> Bool {
        ("0"..."9").contains(character) || ("A"..."Z").contains(character)
    }

    /// Gives failures to connect their SQLSTATE.
    private func makeErrorsVerbose() { _ = unsafe PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE) }

    func setNonBlocking() -> Bool { unsafe PQsetnonblocking(pointer, 1) == 0 }

    // MARK: Sending. False: the connection is unusable.

    func enterPipeline() -> Bool { unsafe PQenterPipelineMode(pointer) == 1 }
    func exitPipeline() -> Bool { unsafe PQexitPipelineMode(pointer) == 1 }
    func sendSync() -> Bool { unsafe PQpipelineSync(pointer) == 1 }
    func sendScript(_ sql: String) -> Bool { unsafe PQsendQuery(pointer, sql) == 1 }

    func sendPrepare(_ name: String, _ sql: String, _ types: [PostgresTypeID]) -> Bool {
        let oids = types.map(\.rawValue)
        return unsafe PQsendPrepare(pointer, name, sql, Int32(oids.count), oids) == 1
    }

    func sendPrepared(_ name: String, _ parameters: borrowing PostgresParameters) -> Bool {
        unsafe parameters.withArguments { count, values, lengths, formats in
            unsafe PQsendQueryPrepared(
                pointer, name, count, values, lengths, formats, PostgresFormat.binary.rawValue)
                == 1
        }
    }

    func sendUnprepared(_ sql: String, _ parameters: borrowing PostgresParameters) -> Bool {
        let oids = parameters.types.map(\.rawValue)
        return unsafe parameters.withArguments { count, values, lengths, formats in
            unsafe PQsendQueryParams(
                pointer, sql, count, oids, values, lengths, formats, PostgresFormat.binary.rawValue) == 1
        }
    }

    /// The handle to cancel the running statement from another thread.
    func cancellation() -> Cancellation? {
        guard let cancel = unsafe PQgetCancel(pointer) else { return nil }
        return unsafe Cancellation(adopting: cancel)
    }

    func flush() -> Flush {
        switch unsafe PQflush(pointer) {
        case 0: .done
        case 1: .blocked
        default: .failed
        }
    }

    // MARK: Receiving

    /// Reads what the socket holds; false when the connection broke.
    func consumeInput() -> Bool { unsafe PQconsumeInput(pointer) == 1 }

    /// True while the next call of ``nextResult()`` would wait.
    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    /// Nil marks the end of one statement's results.
    func nextResult() -> PostgresResultHandle? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe PostgresResultHandle(adopting: result)
    }
}

extension PostgresParameters {
    /// The arrays that libpq takes; it copies them before it returns.
    fileprivate borrowing func withArguments<Result>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        let formats = slots.map(\.format.rawValue)
        let lengths = slots.map { Int32($0.length ?? 0) }
        return unsafe bytes.withUnsafeBytes { bytes in
            // An empty parameter needs an address nevertheless: null means NULL.
            let values = unsafe slots.map { slot -> UnsafePointer<CChar>? in
                guard slot.length != nil else { return nil }
                guard let base = bytes.baseAddress else { return unsafe emptyValue }
                return unsafe (base + slot.offset).assumingMemoryBound(to: CChar.self)
            }
            return unsafe body(Int32(slots.count), values, lengths, formats)
        }
    }
}

/// Has process lifetime and never changes: the value of an empty parameter.
private nonisolated(unsafe) let emptyValue: UnsafePointer<CChar> = {
    let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    unsafe pointer.initialize(to: 0)
    return unsafe UnsafePointer(pointer)
}()

/// The strings as a null-terminated array of C strings, valid during the call.
private func withCStrings<Result: ~Copyable>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() {
        unsafe (copies + index).initialize(to: UnsafePointer(strdup(string)))
    }
    unsafe (copies + strings.count).initialize(to: nil)
    defer {
        for index in strings.indices { unsafe free(UnsafeMutablePointer(mutating: copies[index])) }
        unsafe copies.deallocate()
    }
    return unsafe body(copies)
}
