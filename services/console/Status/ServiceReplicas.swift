import EventLoop
import HTTP

/// The replicas of the services, which the console asks over HTTP.
@Loop
struct ServiceReplicas {
    /// For one answer.
    private static let limit = Duration.milliseconds(800)
    /// Of one service.
    private static let most = 100

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

    /// - Parameter authorization: the operator's.
    func post(
        _ url: String, _ body: [UInt8], _ authorization: String
    ) async throws(HTTPError) -> HTTPClientResponse {
        try await client.post(
            url, contentType: "application/json", body, headers: ["Authorization": authorization],
            within: Self.limit)
    }

    /// Asks all at the same time; the answers are in the order of the replicas.
    ///
    /// - Parameter service: nil for all.
    func each<Answer: Sendable>(
        of service: String? = nil, _ ask: @escaping @Loop (_ name: String, _ url: String) async -> Answer
    ) async -> [Answer] {
        let chosen = targets.filter { service == nil || $0.name.prefix { $0 != "@" } == service ?? "" }
        let tasks = chosen.map { target in
            Loop.task { [self] in
                let asked = await replicas(of: target).map { one in Loop.task { await ask(one.name, one.url) }
                }
                var answers: [Answer] = []
                for task in asked { answers.append(await task.value) }
                return answers
            }
        }
        var answers: [Answer] = []
        for task in tasks { answers += await task.value }
        return answers
    }

    /// A name with several addresses stands for as many replicas, as with Kubernetes' headless services and Compose's
    /// scaled ones.
    private func replicas(of target: (name: String, url: String)) async -> [(name: String, url: String)] {
        guard let url = try? HTTPURL(target.url), !url.isSecure,
            let addresses = try? await Loop.resolve(url.endpoint, timeout: Self.limit)
        else { return [target] }
        // Of a replica with both kinds of addresses, one.
        let family = addresses.filter { $0.isIPv6 == addresses[0].isIPv6 }.prefix(Self.most)
        guard family.count > 1 else { return [target] }
        return family.map { address in
            let host = address.isIPv6 ? "[\(address.host)]" : address.host
            return ("\(target.name)@\(address.host)", "http://\(host):\(address.port)")
        }.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }
}
