package import EventLoop
internal import HTTP
internal import Observability

/// The export of a process's traces, when a collector is set. It is the first in a list of services, so that it is
/// drained last.
@Loop
package final class TraceExport: Service {
    private let exporter: OTLPExporter?

    package init(_ context: ServiceContext) throws {
        let settings = context.settings
        context.tracer.sample(settings[TracingKeys.ratio])
        guard let endpoint = settings[TracingKeys.endpoint] else {
            exporter = nil
            return
        }
        var configuration = HTTPClient.Configuration()
        configuration.connectTimeout = .seconds(2)
        configuration.maxConnectionsPerOrigin = 1
        if endpoint.hasPrefix("https:") {
            configuration.tls = try TLSFiles(authorities: settings.value(ServerKeys.authorities) ?? nil)
                .client()
        }
        var headers = HTTPHeaders()
        for (name, value) in settings[TracingKeys.headers].flatMap({ HeaderList($0.reveal()) })?.fields ?? []
        {
            headers.add(name, value)
        }
        let exporter = OTLPExporter(
            to: endpoint, HTTPClient(configuration), headers: headers,
            document: OTLPDocument(service: context.name, replica: context.replica), log: context.log,
            metrics: context.metrics)
        context.tracer.sink = exporter
        self.exporter = exporter
    }

    package func run() async throws {
        guard let exporter else { return try await Loop.sleepUntilCancelled() }
        try await exporter.run()
    }

    package func drain(until deadline: Instant) async { await exporter?.drain(until: deadline) }
}
