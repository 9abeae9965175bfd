/// Handlers by descriptor. A token carries a generation beside the descriptor, so that an event of a
/// closed descriptor never reaches the next owner of its number.
@Loop
final class DescriptorTable {
    private struct Slot {
        var generation: UInt32 = 0
        var handler: (any DescriptorHandler)?
    }
    private var slots: [Slot] = []
    private(set) var count = 0

    init() {}

    func add(
        _ descriptor: Int32, _ handler: any DescriptorHandler, _ interest: Readiness
    ) throws(TransportError) -> Registration {
        let index = Int(descriptor)
        while slots.count <= index { slots.append(contentsOf: repeatElement(Slot(), count: 256)) }
        // The one before was closed without being cancelled, as by a C library.
        if slots[index].handler != nil { remove(UInt64(slots[index].generation) << 32 | UInt64(index)) }
        // 31 bits: a token never equals the reactor's own.
        let generation = (slots[index].generation &+ 1) & 0x7fff_ffff
        let token = UInt64(generation) << 32 | UInt64(index)
        let code = Reactor.shared.add(descriptor, events: interest.epollEvents, token: token)
        guard code == 0 else { throw TransportError(.system(code), "epoll refused a descriptor") }
        slots[index] = Slot(generation: generation, handler: handler)
        count += 1
        return Registration(descriptor: descriptor, token: token)
    }

    func isCurrent(_ token: UInt64) -> Bool {
        let index = Int(token & 0xffff_ffff)
        return slots[index].generation == UInt32(token >> 32) && slots[index].handler != nil
    }

    func remove(_ token: UInt64) {
        guard isCurrent(token) else { return }
        let index = Int(token & 0xffff_ffff)
        Reactor.shared.remove(Int32(index))
        slots[index].handler = nil
        count -= 1
    }

    func dispatch(token: UInt64, events: UInt32) {
        let index = Int(token & 0xffff_ffff)
        guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return }
        slots[index].handler?.descriptorReady(Readiness(epollEvents: events))
    }
}
