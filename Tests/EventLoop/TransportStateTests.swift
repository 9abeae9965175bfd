import Testing

@testable import EventLoop

/// Every sequence of events up to a length, against what must always hold.
@Suite struct TransportStateTests {
    enum Event: CaseIterable {
        case start, pause, resume, endInput, schedule, beginFlush, block, finishFlush, hold, release,
            beginClose, close
        case deliverResumed, deliverClosed, takeDelivery
    }

    private func apply(_ event: Event, to state: inout TransportState) -> Bool {
        switch event {
        case .start: state.start()
        case .pause: state.pause()
        case .resume: return state.resume()
        case .endInput: state.endInput()
        case .schedule: return state.schedule()
        case .beginFlush: state.beginFlush()
        case .block: return state.block()
        case .finishFlush: return state.finishFlush()
        case .hold: state.hold()
        case .release: return state.release()
        case .beginClose: return state.beginClose()
        case .close: return state.close()
        case .deliverResumed: return state.deliver(.resumed)
        case .deliverClosed: return state.deliver(.closed)
        case .takeDelivery: return state.takeDelivery() != .none
        }
        return false
    }

    @Test func everyTransitionKeepsTheInvariants() {
        var frontier = [TransportState()]
        var visited: [TransportState] = []
        while let state = frontier.popLast() {
            for event in Event.allCases {
                var next = state
                let answer = apply(event, to: &next)
                check(event, answer, from: state, to: next)
                if !visited.contains(next) {
                    visited.append(next)
                    frontier.append(next)
                }
            }
        }
        // All phases with all inputs, outputs, deliveries and holds that can be reached.
        #expect(visited.count > 100)
    }

    private func check(_ event: Event, _ answer: Bool, from old: TransportState, to new: TransportState) {
        if new.interest.contains(.readable) {
            #expect(!new.isPaused && !new.hasInputEnded && (new.phase == .started || new.phase == .closing))
        }
        #expect(new.interest.contains(.writable) == (new.isOpen && new.output == .blocked))
        if !old.isOpen { #expect(!new.isOpen, "\(event) opened a closed transport") }
        if old.hasInputEnded { #expect(new.hasInputEnded, "\(event) revived the input") }
        if old.delivery == .closed, event != .takeDelivery { #expect(new.delivery == .closed) }
        switch event {
        case .schedule: #expect(answer == (old.output == .idle))
        case .block: #expect(answer == (old.output != .blocked) && new.output == .blocked)
        case .finishFlush: #expect(answer == (old.output == .blocked) && new.output == .idle)
        case .resume: #expect(answer == old.isPaused && !new.isPaused)
        case .close: #expect(answer == old.isOpen)
        case .beginClose: #expect(answer == (old.phase == .created || old.phase == .started))
        case .deliverResumed, .deliverClosed: #expect(answer == (old.delivery == .none))
        default: break
        }
    }
}
