internal import CLinux

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: 1)
    package static let writable = Readiness(rawValue: 2)
    /// Both directions are closed, or the descriptor failed; reported without being requested.
    package static let hangup = Readiness(rawValue: 4)

    var epollEvents: UInt32 {
        (contains(.readable) ? EPOLLIN.rawValue : 0) | (contains(.writable) ? EPOLLOUT.rawValue : 0)
    }

    init(epollEvents: UInt32) {
        var result: Readiness = []
        if epollEvents & EPOLLIN.rawValue != 0 { result.insert(.readable) }
        if epollEvents & EPOLLOUT.rawValue != 0 { result.insert(.writable) }
        if epollEvents & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { result.insert(.hangup) }
        self = result
    }
}

/// Receives a registered descriptor's readiness. Level-triggered: called again until it acts.
@Loop
package protocol DescriptorHandler: AnyObject {
    func descriptorReady(_ readiness: Readiness)
}

/// A descriptor on the loop. It does not own the descriptor: cancel first, then close it.
@Loop
package struct Registration {
    let descriptor: Int32
    let token: UInt64

    /// Changes which events the handler receives.
    package func update(_ interest: Readiness) {
        guard LoopState.current.descriptors.isCurrent(token) else { return }
        Reactor.shared.modify(descriptor, events: interest.epollEvents, token: token)
    }

    /// Ends the registration: releases the handler and drops events that are not delivered yet. Idempotent.
    package func cancel() {
        LoopState.current.descriptors.remove(token)
    }
}

extension Loop {
    /// Puts a non-blocking descriptor on the loop, which keeps `handler` alive until the registration is
    /// cancelled. Throws errno as a ``TransportError`` when the kernel refuses.
    @Loop package static func register(
        _ descriptor: Int32, _ handler: any DescriptorHandler, interest: Readiness
    ) throws(TransportError) -> Registration {
        try LoopState.current.descriptors.add(descriptor, handler, interest)
    }
}
