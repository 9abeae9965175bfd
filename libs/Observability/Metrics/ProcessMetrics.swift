internal import EventLoop

extension Metrics {
    /// Registers the process metrics of Prometheus' client libraries ("Standard and runtime collectors"), read from
    /// `/proc` at each scrape. Unreadable values are left out.
    package func addProcessMetrics() {
        let startTime = ProcessSample.startTime()
        collect { text in
            if let sample = ProcessSample.current() {
                text.family(
                    "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", .counter)
                text.sample("process_cpu_seconds_total", sample.cpuSeconds)
                text.family(
                    "process_virtual_memory_bytes", "Virtual memory size in bytes.", .gauge)
                text.sample("process_virtual_memory_bytes", sample.virtualBytes)
                text.family("process_resident_memory_bytes", "Resident memory size in bytes.", .gauge)
                text.sample("process_resident_memory_bytes", sample.residentBytes)
            }
            if let count = SystemCalls.openDescriptors() {
                text.family("process_open_fds", "Number of open file descriptors.", .gauge)
                text.sample("process_open_fds", Double(count))
            }
            if let limit = ProcessSample.descriptorLimit() {
                text.family("process_max_fds", "Maximum number of open file descriptors.", .gauge)
                text.sample("process_max_fds", limit)
            }
            if let startTime {
                text.family(
                    "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                    .gauge)
                text.sample("process_start_time_seconds", startTime)
            }
        }
    }
}

/// The values of proc(5) for this process.
struct ProcessSample {
    let cpuSeconds: Double
    let virtualBytes: Double
    let residentBytes: Double
    /// In clock ticks since boot.
    let startTicks: Double

    /// Parses fields 14, 15, 22, 23 and 24 of `/proc/pid/stat`, counted from the line's last closing parenthesis,
    /// because the command name may contain spaces and parentheses.
    init?(stat: String) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let start = Double(fields[19]), let virtual = Double(fields[20]), let pages = Double(fields[21])
        else { return nil }
        cpuSeconds = (user + system) / SystemCalls.ticksPerSecond
        virtualBytes = virtual
        residentBytes = pages * SystemCalls.pageSize
        startTicks = start
    }

    static func current() -> ProcessSample? {
        text("/proc/self/stat").flatMap(ProcessSample.init(stat:))
    }

    /// Seconds since 1970.
    static func startTime() -> Double? {
        guard let sample = current(),
            let line = text("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let boot = Double(line.dropFirst("btime ".count))
        else { return nil }
        return boot + sample.startTicks / SystemCalls.ticksPerSecond
    }

    static func descriptorLimit() -> Double? {
        let line = text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { Double($0) }
    }

    private static func text(_ path: String) -> String? {
        SystemCalls.contents(of: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
