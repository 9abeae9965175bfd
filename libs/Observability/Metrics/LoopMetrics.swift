internal import EventLoop

extension Metrics {
    /// Registers the event loop's statistics.
    package func addLoopMetrics() {
        counter("waybill_loop_turns_total", "Turns of the event loop.") { Double(Loop.statistics.turns) }
        counter("waybill_loop_jobs_total", "Jobs of tasks run by the event loop.") {
            Double(Loop.statistics.jobs)
        }
        gauge("waybill_loop_descriptors", "Descriptors registered with the event loop.") {
            Double(Loop.statistics.descriptors)
        }
        gauge("waybill_loop_timers", "Armed timers.") { Double(Loop.statistics.timers) }
        gauge("waybill_loop_longest_turn_seconds", "Longest turn of the event loop within the last minutes.")
        {
            Loop.statistics.longestTurn.seconds
        }
    }
}
