import EventLoop
import HTTP

/// The replicas of the services, which the console asks over HTTP.
@Loop
struct ServiceReplicas {
    /// For one answer.
    private static let limit = Duration.milliseconds(800)

    private let targets: [(name: String, url: String)]
    private let client: HTTPClient

    init(_ targets: [(name: String, url: String)]) {
        self.targets = targets
        var configuration = HTTPClient.Configuration()
        configuration.connectTimeout = .milliseconds(500)
        configuration.maxConnectionsPerOrigin = 2
        client = HTTPClient(configuration)
    }

    func get(_ url: String) async throws(HTTPError) -> HTTPClientResponse {
        try await client.get(url, within: Self.limit)
    }

    /// Asks all at the same time; the answers are in the order of the replicas.
    func each<Answer: Sendable>(
        _ ask: @escaping @Loop (_ name: String, _ url: String) async -> Answer
    ) async -> [Answer] {
        let tasks = targets.map { target in Loop.task { await ask(target.name, target.url) } }
        var answers: [Answer] = []
        for task in tasks { answers.append(await task.value) }
        return answers
    }
}
