internal import CLinux
internal import Glibc

/// A program that this process starts and waits for: its end and its output are events of the loop.
@Loop
package struct ChildProcess {
    package enum Output: Sendable {
        /// Goes where this process' standard error goes.
        case standardError
        /// Is kept up to ``captureLimit``; what follows is dropped.
        case captured
    }

    package struct Ended: Sendable {
        /// The exit status, or 128 plus the number of the signal.
        package let status: Int32
        /// Empty unless captured.
        package let output: [UInt8]
    }

    /// In bytes.
    package static let captureLimit = 64 << 10

    let executable: String
    let arguments: [String]
    let environment: [(name: String, value: String)]
    let directory: String

    package init(
        _ executable: String, _ arguments: [String] = [], environment: [(name: String, value: String)],
        directory: String
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }

    /// Runs it to its end, without standard input. When the task is cancelled, the child is interrupted (SIGINT) and waited
    /// for, and the error is `CancellationError`. A `TransportError` has the errno of a child that cannot be started.
    package func run(_ output: Output) async throws -> Ended {
        let pipe = output == .captured ? try CapturedOutput() : nil
        defer { pipe?.close() }
        let pid = try start(writingTo: pipe?.writeEnd ?? STDERR_FILENO)
        pipe?.closeWriteEnd()
        let end = try Self.end(of: pid)
        let status = await withTaskCancellationHandler {
            await end.wait()
        } onCancel: {
            Loop.task { end.interrupt() }
        }
        try Task.checkCancellation()
        pipe?.read()
        return Ended(status: status, output: pipe?.bytes ?? [])
    }

    /// A child whose end could not be noticed is not left running.
    private static func end(of pid: pid_t) throws(TransportError) -> ChildEnd {
        do throws(TransportError) { return try ChildEnd(of: pid) } catch {
            kill(pid, SIGKILL)
            var code: Int32 = 0
            unsafe waitpid(pid, &code, 0)
            throw error
        }
    }

    private func start(writingTo output: Int32) throws(TransportError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addchdir_np(&actions, directory)
        // The child has none of the signals that the loop blocks, and is in a group of its own: a terminal's Ctrl-C reaches
        // it once, through the cancellation.
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = CStrings([executable] + arguments)
        let variables = CStrings(environment.map { "\($0.name)=\($0.value)" })
        var pid: pid_t = 0
        let code = unsafe posix_spawn(
            &pid, executable, &actions, &attributes, words.pointers, variables.pointers)
        guard code == 0 else { throw TransportError(.system(code), "\(executable) cannot be started") }
        return pid
    }
}

/// An array of C strings that ends with nil.
@safe private final class CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ texts: [String]) { unsafe pointers = texts.map { unsafe strdup($0) } + [nil] }

    deinit { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
}

/// The end of a child: its descriptor (pidfd_open(2)) is readable then.
@Loop
private final class ChildEnd: DescriptorHandler {
    private let pid: pid_t
    private let descriptor: Int32
    private var registration: Registration?
    private var status: Int32?
    private var waiter: LoopContinuation<Int32>?

    init(of pid: pid_t) throws(TransportError) {
        self.pid = pid
        descriptor = pidfd_open(pid, 0)
        guard descriptor >= 0 else { throw TransportError(.system(errno), "pidfd_open") }
        do throws(TransportError) {
            registration = try Loop.register(descriptor, self, interest: .readable)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Also after a cancellation.
    func wait() async -> Int32 {
        if let status { return status }
        return await Loop.suspend { waiter = $0 }
    }

    func interrupt() { if status == nil { kill(pid, SIGINT) } }

    func descriptorReady(_ readiness: Readiness) {
        var code: Int32 = 0
        guard unsafe waitpid(pid, &code, WNOHANG) == pid else { return }
        let signal = code & 0x7f
        let status = signal == 0 ? code >> 8 & 0xff : 128 + signal
        self.status = status
        registration?.cancel()
        close(descriptor)
        waiter?.resume(returning: status)
        waiter = nil
    }
}

/// The read end of a pipe, whose writers may outlive the child.
@Loop
private final class CapturedOutput: DescriptorHandler {
    private(set) var bytes: [UInt8] = []
    private(set) var writeEnd: Int32
    private let readEnd: Int32
    private var registration: Registration?
    private var chunk = [UInt8](repeating: 0, count: 4096)

    init() throws(TransportError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw TransportError(.system(errno), "pipe") }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
        registration = try Loop.register(readEnd, self, interest: .readable)
    }

    func descriptorReady(_ readiness: Readiness) { read() }

    /// What is there by now.
    func read() {
        while registration != nil {
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe Glibc.read(readEnd, $0.baseAddress, $0.count)
            }
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count].prefix(ChildProcess.captureLimit - bytes.count))
            } else if count < 0, errno == EINTR {
                continue
            } else {
                if count == 0 { stopReading() }
                return
            }
        }
    }

    func closeWriteEnd() {
        if writeEnd >= 0 { Glibc.close(writeEnd) }
        writeEnd = -1
    }

    func close() {
        closeWriteEnd()
        stopReading()
        Glibc.close(readEnd)
    }

    private func stopReading() {
        registration?.cancel()
        registration = nil
    }
}
