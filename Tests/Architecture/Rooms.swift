/// The house: which module may import which. A room stands above all that it imports.
struct Room: Sendable {
    let module: String
    /// From the repository's top.
    let folder: String
    let imports: Set<String>
    /// Whether it is one of ours, as opposed to a module of the system or the toolchain.
    static func isOurs(_ module: String) -> Bool { all.contains { $0.module == module } }

    static let all: [Room] = [
        library("EventLoop", ["CLinux", "COpenSSL", "Glibc", "Dispatch", "Synchronization"]),
        library("JSON", []),
        library("JOSE", ["COpenSSL", "JSON"]),
        library("HTTP", ["EventLoop", "COpenSSL", "Glibc"]),
        library("Redis", ["EventLoop", "CHiredis"]),
        library("AMQP", ["EventLoop", "CRabbitMQ"]),
        library("Postgres", ["EventLoop", "CPostgreSQL", "Glibc", "Dispatch"]),
        library("Observability", ["EventLoop", "JSON", "Glibc"]),
        library("Service", ["EventLoop", "AMQP", "HTTP", "JSON", "Observability", "Redis", "Glibc"]),
        library("Orders", []),
        library("OrderEvents", ["JSON", "Orders"]),
        library("OrderSchema", []),
        library("Messaging", ["EventLoop", "AMQP", "JSON", "Orders", "OrderEvents", "Observability"]),
        library("WorkflowState", ["EventLoop", "Redis", "JSON", "Orders", "OrderEvents"]),
        library("Identity", ["EventLoop", "HTTP", "JOSE", "JSON", "Observability", "Orders", "Service"]),
        library("OrderRecords", ["EventLoop", "Postgres", "JSON", "Orders", "OrderEvents", "OrderSchema"]),

        service("OrderAccept", "order-accept", edge.union(["Postgres", "Identity", "JOSE"])),
        service("OrderProcess", "order-process", edge.union(["Postgres", "OrderSchema", "OrderRecords"])),
        service("OrderNotification", "order-notification", edge.union(["Identity", "JOSE"])),
        service(
            "Waybill", "waybill",
            edge.union([
                "Postgres", "OrderSchema", "OrderRecords", "Identity", "JOSE", "Foundation", "Glibc",
            ])),
    ]

    /// What every service may use.
    private static let edge: Set<String> = [
        "EventLoop", "JSON", "HTTP", "Redis", "AMQP", "Observability", "Service", "Orders", "OrderEvents",
        "Messaging", "WorkflowState",
    ]

    private static func library(_ module: String, _ imports: Set<String>) -> Room {
        Room(module: module, folder: "libs/\(module)", imports: imports)
    }

    private static func service(_ module: String, _ folder: String, _ imports: Set<String>) -> Room {
        Room(module: module, folder: "services/\(folder)", imports: imports)
    }

    /// Each C library has one wrapper. OpenSSL has three: TLS, signatures, and the WebSocket handshake's
    /// digest and random masks.
    static let wrappers: [String: Set<String>] = [
        "CLinux": ["EventLoop"],
        "COpenSSL": ["EventLoop", "JOSE", "HTTP"],
        "CHiredis": ["Redis"],
        "CRabbitMQ": ["AMQP"],
        "CPostgreSQL": ["Postgres"],
    ]
}
