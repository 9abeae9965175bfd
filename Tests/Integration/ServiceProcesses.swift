import EventLoop
import Foundation
import HTTP
import JSON
import TestSupport

/// The services as processes of their own: order-process, order-accept and two of order-notification.
@Loop
final class Services {
    /// The servers' addresses for the services.
    struct Environment {
        let servers: PrivateServers
        /// The environment keys that locate Redis.
        let redis: [String: String]
    }

    nonisolated static let binaries = ProcessInfo.processInfo.environment["WAYBILL_BIN"]

    private(set) var accept = ""
    private(set) var notifiers: [String] = []
    private let folder: URL
    private let environment: Environment
    private let client = HTTPClient()
    private var processes: [String: Process] = [:]

    static func with(_ environment: Environment, _ body: @Loop (Services) async throws -> Void) async throws {
        let services = try Services(environment)
        var failure: (any Error)?
        do {
            try await services.start()
            try await body(services)
        } catch {
            failure = ServicesFailed(error: error, logs: services.logs)
        }
        services.stop()
        if let failure { throw failure }
    }

    private init(_ environment: Environment) throws {
        self.environment = environment
        folder = FileManager.default.temporaryDirectory.appending(
            path: "waybill-services-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func start() async throws {
        let database = environment.servers.postgres
        // It creates the tables that the others read.
        try await start("order-process", ["DATABASE_URL": database.uri!])
        try await ready()
        accept = try await start("order-accept", ["DATABASE_URL": database.readerUri!])
        try await startNotifiers()
        try await ready()
    }

    /// Starts two notifiers at new addresses.
    func startNotifiers() async throws {
        let database = environment.servers.postgres.notifierUri!
        for _ in 0..<2 {
            notifiers.append(try await start("order-notification", ["DATABASE_URL": database]))
        }
    }

    func killNotifiers() {
        for url in notifiers { end(processes.removeValue(forKey: url)) }
        notifiers = []
    }

    private func end(_ process: Process?) {
        if let process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    @discardableResult
    private func start(_ name: String, _ own: [String: String]) async throws -> String {
        let port = try await FreePorts.choose(1)[0]
        let address = "127.0.0.1:\(port)"
        let process = Process()
        process.executableURL = URL(filePath: "\(Self.binaries!)/\(name)")
        process.environment = [
            "WAYBILL_PROFILE": "development", "LISTEN": address, "LOG_FORMAT": "text",
            "RABBITMQ_URL": environment.servers.rabbitmq.uri!, "JWT_ISSUER": "waybill",
            "JWT_AUDIENCE": "waybill-api",
            "JWT_SECRET": "0123456789abcdef0123456789abcdef",
        ].merging(environment.redis) { $1 }.merging(own) { $1 }
        let log = folder.appending(path: "\(name)-\(port).log")
        try Data().write(to: log)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        try process.run()
        processes["http://\(address)"] = process
        return "http://\(address)"
    }

    func ready(within limit: Duration = .seconds(60)) async throws {
        for url in processes.keys {
            try await eventually("\(url) is ready", within: limit) {
                (try? await self.client.get("\(url)/health/ready"))?.status == .ok
            }
        }
    }

    private func stop() {
        client.close()
        for process in processes.values { end(process) }
        try? FileManager.default.removeItem(at: folder)
    }

    private var logs: String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? []
        return names.map { name in
            let text = (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
            return "== \(name)\n" + text.split(separator: "\n").suffix(20).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    // MARK: Client operations

    func token(for user: String) async throws -> String {
        let answer = try await client.post(
            "\(notifiers[0])/dev/token", contentType: "application/json",
            Array(#"{"userId":"\#(user)"}"#.utf8))
        return try JSONValue(parsing: answer.body.span)["token"]?.string ?? ""
    }

    /// - Returns: the order's correlation id, or nil when the response is not 201.
    func order(_ token: String) async throws -> String? {
        let answer = try? await client.post(
            "\(accept)/api/orders", contentType: "application/json",
            Array(#"{"items":[{"productId":"AZ-104","quantity":1}]}"#.utf8),
            headers: ["Authorization": "Bearer \(token)"])
        guard let answer, answer.status == .created else { return nil }
        return try JSONValue(parsing: answer.body.span)["correlationId"]?.string
    }

    func isCompleted(_ order: String, _ token: String) async throws -> Bool {
        let answer = try await client.get(
            "\(accept)/api/orders/status/\(order)", headers: ["Authorization": "Bearer \(token)"])
        return try JSONValue(parsing: answer.body.span)["status"]?.string == "COMPLETED"
    }

    /// A client of the token's user on one of the notifiers.
    func tab(_ token: String, on notifier: Int = 0, query: String = "") async throws -> Tab {
        let tab = Tab()
        let address = notifiers[notifier].dropFirst("http".count)
        try await WebSocket.connect(
            "ws\(address)/ws\(query)", tab, headers: ["Authorization": "Bearer \(token)"])
        return tab
    }
}

struct ServicesFailed: Error, CustomStringConvertible {
    let error: any Error
    let logs: String
    var description: String { "\(error)\n\(logs)" }
}

/// The client side of a native WebSocket.
@Loop
final class Tab: WebSocketHandler {
    private(set) var messages: [JSONValue] = []
    private(set) var end: WebSocketCloseCode?

    nonisolated init() {}

    func received(text: Span<UInt8>, on socket: WebSocket) {
        if let message = try? JSONValue(parsing: text) { messages.append(message) }
    }

    func closed(_ socket: WebSocket, _ code: WebSocketCloseCode, reason: String) { end = code }

    func messages(_ type: String) -> [JSONValue] { messages.filter { $0["type"]?.string == type } }

    /// The order's COMPLETED update.
    func completion(of order: String) -> JSONValue? {
        messages("order.status").first {
            $0["correlationId"]?.string == order && $0["status"]?.string == "COMPLETED"
        }
    }
}
