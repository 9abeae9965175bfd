package import EventLoop

/// The one decision that a process ends, and why. The first reason stays.
@Loop package final class Shutdown {
    package enum Reason: Sendable, Equatable {
        case signal(Int32)
        /// The service found that it cannot go on.
        case failure(component: String)
        /// Its work is done.
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

    /// Calls `action` when the end is asked for; at once when it was already.
    func whenRequested(_ action: @escaping @Loop () -> Void) {
        isRequested ? action() : actions.append(action)
    }

    /// Returns when the end is requested.
    func requested() async { await signal.wait() }
}
