internal import CLinux
internal import Glibc

/// Delivery of one signal as an event of the loop (signalfd).
///
/// The signal is blocked on the loop's thread and so on every thread started from it later: call this
/// before any other thread exists. Dispatch's workers block signals by themselves.
@Loop
package final class SignalSource: DescriptorHandler {
    private let descriptor: Int32
    private let action: @Loop () -> Void
    private var registration: Registration?

    init(_ signal: Int32, _ action: @escaping @Loop () -> Void) throws(TransportError) {
        self.action = action
        var mask = sigset_t()
        unsafe sigemptyset(&mask)
        unsafe sigaddset(&mask, signal)
        unsafe pthread_sigmask(SIG_BLOCK, &mask, nil)
        descriptor = unsafe signalfd(-1, &mask, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        guard descriptor >= 0 else { throw TransportError(.system(errno), "signalfd") }
        registration = try Loop.register(descriptor, self, interest: .readable)
    }

    package func cancel() {
        guard let registration else { return }
        registration.cancel()
        self.registration = nil
        close(descriptor)
    }

    package func descriptorReady(_ readiness: Readiness) {
        var information = signalfd_siginfo()
        while unsafe read(descriptor, &information, MemoryLayout<signalfd_siginfo>.size) > 0 { action() }
    }
}

extension Loop {
    /// Calls `action` on the loop whenever the process gets `signal`, instead of the signal's default.
    @Loop @discardableResult
    package static func onSignal(
        _ signal: Int32, _ action: @escaping @Loop () -> Void
    ) throws(TransportError) -> SignalSource {
        try SignalSource(signal, action)
    }
}
