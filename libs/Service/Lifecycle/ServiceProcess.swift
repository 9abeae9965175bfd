internal import EventLoop
internal import Glibc
internal import Observability

/// Runs a service as a process: arguments, configuration, signals, log and exit code.
package struct ServiceProcess: Sendable {
    let name: String
    let summary: String
    let port: UInt16
    let keys: [any AnySettingKey]
    let rules: [SettingsRule]

    /// Exit code for an invalid configuration (`EX_CONFIG` of sysexits.h).
    private static let configurationExitCode: Int32 = 78
    /// Exit code for invalid arguments (`EX_USAGE`).
    private static let usageExitCode: Int32 = 64

    /// - Parameters:
    ///   - port: where the service listens when `LISTEN` is not set.
    ///   - keys: the service's own keys, besides ``ServiceKeys``.
    package init(
        name: String, summary: String, port: UInt16, keys: [any AnySettingKey] = [],
        rules: [SettingsRule] = []
    ) {
        self.name = name
        self.summary = summary
        self.port = port
        self.keys = ServiceKeys.all(port: port) + keys
        self.rules = ServiceKeys.rules + ServerKeys.rules + TracingKeys.rules + rules
    }

    /// Runs the service on the calling thread until it ends, and exits with its exit code.
    ///
    /// `compose` returns the services in start order; an error that it throws is logged, with exit code 1.
    package static func main(
        name: String, summary: String, port: UInt16, keys: [any AnySettingKey] = [],
        rules: [SettingsRule] = [],
        arguments: [String] = Array(CommandLine.arguments.dropFirst()), environment: Environment = .process(),
        compose: @escaping @Loop (ServiceContext) async throws -> ServiceList
    ) -> Never {
        let process = ServiceProcess(name: name, summary: summary, port: port, keys: keys, rules: rules)
        switch arguments.first {
        case nil: break
        case "--help", "-h":
            print(process.help)
            exit(0)
        case "--check": exit(process.check(environment))
        case "--version":
            print("\(name) \(Version.current)")
            exit(0)
        case "--keys":
            print(SettingTable.markdown(process.keys))
            exit(0)
        case let argument?:
            print("\(name): \(argument) is not an option; try --help")
            exit(usageExitCode)
        }
        SystemCalls.raiseDescriptorLimit()
        exit(Loop.run { await process.run(in: environment, compose: compose) })
    }

    var help: String {
        """
        \(name): \(summary)

        It takes no arguments but --help (-h), --version, --keys (the table below in Markdown) and --check, which
        validates the settings and starts nothing. It is configured by environment variables:

        \(SettingTable.text(keys))

        SIGTERM and SIGINT drain it, SHUTDOWN_DELAY later; a second one ends it at once. Exit codes: 0 drained, 1 failed,
        64 invalid arguments, 78 invalid configuration, 128+n ended by signal n.
        """
    }

    /// Prints what is wrong with the settings; returns the exit code.
    private func check(_ environment: Environment) -> Int32 {
        var (faults, warnings): ([String], [String]) = ([], [])
        switch settings(in: environment) {
        case .success(let settings): warnings = settings.warnings
        case .failure(let error): (faults, warnings) = (error.faults.map(\.description), error.warnings)
        }
        for fault in faults { print("fault: \(fault)") }
        for warning in warnings { print("warning: \(warning)") }
        if faults.isEmpty { print("\(name): the settings are valid") }
        return faults.isEmpty ? 0 : Self.configurationExitCode
    }

    /// Runs the process to its end; returns the exit code.
    @Loop func run(
        in environment: Environment, compose: @escaping @Loop (ServiceContext) async throws -> ServiceList
    ) async -> Int32 {
        switch settings(in: environment) {
        case .failure(let error):
            let log = logger(environment, nil)
            for fault in error.faults {
                log.critical(
                    "configuration.fault",
                    ["setting": fault.key, "problem": fault.fault.problem, "write": fault.fault.remedy])
            }
            for warning in error.warnings { log.warning("configuration.warning", ["warning": warning]) }
            log.sink.drain()
            return Self.configurationExitCode
        case .success(let settings):
            let context = context(settings, environment)
            for warning in settings.warnings {
                context.log.warning("configuration.warning", ["warning": warning])
            }
            let code = await live(context, compose)
            context.log.info("service.stopped", ["exitCode": code])
            context.log.sink.drain()
            return code
        }
    }

    @Loop private func live(
        _ context: ServiceContext, _ compose: @escaping @Loop (ServiceContext) async throws -> ServiceList
    ) async -> Int32 {
        let log = context.log
        log.info("service.starting", ["pid": getpid(), "profile": context.profile.rawValue])
        do {
            let group = ServiceGroup(
                try await compose(context), health: context.health, log: log, shutdown: context.shutdown,
                shutdownDelay: context.settings[ServiceKeys.shutdownDelay],
                drainTimeout: context.settings[ServiceKeys.drainTimeout]
            ) { code in
                log.sink.drain()
                _exit(code)
            }
            let signals = try [SIGTERM, SIGINT].map { signal in
                try Loop.onSignal(signal) { group.receive(signal: signal) }
            }
            defer { for signal in signals { signal.cancel() } }
            return await group.run()
        } catch {
            log.critical("service.failed", ["error": "\(error)"])
            return 1
        }
    }

    private func settings(in environment: Environment) -> Result<Settings, ConfigurationError> {
        do throws(ConfigurationError) {
            return .success(try Settings(environment, keys: keys, rules: rules))
        } catch {
            return .failure(error)
        }
    }

    @Loop private func context(_ settings: Settings, _ environment: Environment) -> ServiceContext {
        let listen = settings[ServiceKeys.listen(port: port)]
        let log = logger(environment, settings)
        let metrics = Metrics()
        metrics.addProcessMetrics()
        metrics.gauge(
            "waybill_build_info", "1; the version is the label.",
            labels: ["service": name, "version": Version.current]
        ).value = 1
        metrics.addLoopMetrics()
        metrics.counter(
            "waybill_log_lines_dropped_total", "Log lines dropped because the output was blocked."
        ) {
            Double(log.sink.dropped)
        }
        return ServiceContext(
            name: name, replica: replica(settings), profile: settings[ServiceKeys.profile],
            settings: settings,
            listen: listen, log: log, metrics: metrics, tracer: Tracer(), health: Health(),
            shutdown: Shutdown())
    }

    /// Also without settings, to log their errors in the usual format.
    @Loop private func logger(_ environment: Environment, _ settings: Settings?) -> Logger {
        let style =
            settings?[ServiceKeys.logStyle] ?? environment["LOG_FORMAT"].flatMap(LogStyle.init) ?? .auto
        let format = style.format(
            isTerminal: StandardError.isTerminal, noColour: environment["NO_COLOR"] != nil)
        let origin = LogOrigin(service: name, replica: settings.map(replica) ?? name)
        return Logger(
            sink: LogSink(origin: origin, format: format), level: settings?[ServiceKeys.logLevel] ?? .info)
    }

    private func replica(_ settings: Settings) -> String {
        settings[ServiceKeys.replica] ?? SystemCalls.hostName
    }
}
