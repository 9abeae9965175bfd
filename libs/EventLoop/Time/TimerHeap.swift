/// Armed timers by deadline: a four-way heap, so thousands cost a few comparisons each.
///
/// The key in the heap may be earlier than the timer's deadline (it was moved further away since); such a
/// timer is put back when its key is reached.
@Loop
final class TimerHeap {
    @safe private struct Entry {
        var key: Int64
        /// Unretained: a timer leaves the heap in its `deinit`.
        unowned(unsafe) var timer: Timer
    }
    private var entries: [Entry] = []

    init() {}

    var count: Int { entries.count }

    func key(of timer: Timer) -> Instant { Instant(nanoseconds: entries[timer.heapIndex].key) }

    func insert(_ timer: Timer) {
        entries.append(Entry(key: timer.deadline.nanoseconds, timer: timer))
        timer.heapIndex = entries.count - 1
        siftUp(entries.count - 1)
    }

    func remove(_ timer: Timer) {
        let index = timer.heapIndex
        timer.heapIndex = -1
        let last = entries.removeLast()
        guard index < entries.count else { return }
        entries[index] = last
        unsafe last.timer.heapIndex = index
        siftDown(index)
        siftUp(unsafe last.timer.heapIndex)
    }

    /// Fires the timers that are due, one after another, so that one may cancel or move the next.
    func fire(until now: Instant) {
        while let first = entries.first, first.key <= now.nanoseconds {
            let timer = unsafe first.timer
            if timer.deadline.nanoseconds > first.key {
                entries[0].key = timer.deadline.nanoseconds
                siftDown(0)
            } else {
                remove(timer)
                timer.run()
            }
        }
    }

    /// The earliest key.
    var next: Instant? { entries.first.map { Instant(nanoseconds: $0.key) } }

    /// The argument for `epoll_wait`: -1 to wait for ever, else milliseconds rounded up.
    func millisecondsToNext(from now: Instant) -> Int32 {
        guard let first = entries.first else { return -1 }
        let nanoseconds = first.key - now.nanoseconds
        guard nanoseconds > 0 else { return 0 }
        return Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
    }

    private func siftUp(_ start: Int) {
        var index = start
        let entry = entries[index]
        while index > 0 {
            let parent = (index - 1) / 4
            guard entry.key < entries[parent].key else { break }
            place(entries[parent], at: index)
            index = parent
        }
        place(entry, at: index)
    }

    private func siftDown(_ start: Int) {
        var index = start
        let entry = entries[index]
        while true {
            let first = index * 4 + 1
            guard first < entries.count else { break }
            var least = first
            for child in (first + 1)..<max(first + 1, min(first + 4, entries.count))
            where entries[child].key < entries[least].key { least = child }
            guard entries[least].key < entry.key else { break }
            place(entries[least], at: index)
            index = least
        }
        place(entry, at: index)
    }

    private func place(_ entry: Entry, at index: Int) {
        entries[index] = entry
        unsafe entry.timer.heapIndex = index
    }
}
