package import EventLoop

/// The request to end the process, and its reason. The first reason is kept.
@Loop package final class Shutdown {
    package enum Reason: Sendable, Equatable {
        case signal(Int32)
        /// The service failed.
        case failure(component: String)
        /// The service's work is done.
        case finished
    }

    package private(set) var reason: Reason?
    private var actions: [@Loop () -> Void] = []
    private let signal = AsyncSignal()

    package nonisolated init() {}

    package var isRequested: Bool { reason != nil }

    package func request(_ reason: Reason) {
        guard self.reason == nil else { return }
        self.reason = reason
        for action in actions { action() }
        actions = []
        signal.set()
    }

    /// Calls `action` when the shutdown is requested; at once when it already was.
    func whenRequested(_ action: @escaping @Loop () -> Void) {
        isRequested ? action() : actions.append(action)
    }

    /// Returns when the shutdown is requested.
    func requested() async { await signal.wait() }
}
