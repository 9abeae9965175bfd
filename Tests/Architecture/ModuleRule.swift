/// Which modules a module may import. Each stands above all that it imports.
struct ModuleRule: Sendable {
    let module: String
    /// Relative to the repository's root.
    let folder: String
    let imports: Set<String>
    /// Whether the module belongs to this package, as opposed to the system or the toolchain.
    static func isOwn(_ module: String) -> Bool { all.contains { $0.module == module } }

    static let all: [ModuleRule] = [
        library("EventLoop", ["CLinux", "COpenSSL", "Glibc", "Dispatch", "Synchronization"]),
        library("Bytes", []),
        library("JSON", ["Bytes"]),
        library("JOSE", ["COpenSSL", "Bytes", "JSON"]),
        library("HTTP", ["EventLoop", "Bytes", "COpenSSL", "Glibc"]),
        library("Redis", ["EventLoop", "Bytes", "CHiredis"]),
        library("AMQP", ["EventLoop", "CRabbitMQ"]),
        library("Postgres", ["EventLoop", "Bytes", "CPostgreSQL", "Glibc", "Dispatch"]),
        library("Observability", ["EventLoop", "Bytes", "JSON", "Glibc"]),
        library(
            "Service",
            ["EventLoop", "Bytes", "AMQP", "HTTP", "JSON", "Observability", "Postgres", "Redis", "Glibc"]),
        library("Orders", ["Bytes"]),
        library("OrderEvents", ["Bytes", "JSON", "Orders"]),
        library("OrderSchema", []),
        library(
            "Messaging", ["EventLoop", "Bytes", "AMQP", "JSON", "Orders", "OrderEvents", "Observability"]),
        library("WorkflowState", ["EventLoop", "Redis", "JSON", "Orders", "OrderEvents"]),
        library(
            "Identity", ["EventLoop", "Bytes", "HTTP", "JOSE", "JSON", "Observability", "Orders", "Service"]),
        library(
            "OrderRecords",
            ["EventLoop", "Bytes", "Postgres", "JSON", "Orders", "OrderEvents", "OrderSchema"]),

        service(
            "OrderAccept", "order-accept", shared.union(["Postgres", "OrderRecords", "Identity", "JOSE"])),
        service("OrderProcess", "order-process", shared.union(["Postgres", "OrderSchema", "OrderRecords"])),
        service(
            "OrderNotification", "order-notification",
            shared.union(["Postgres", "OrderRecords", "Identity", "JOSE"])),
        service("Console", "console", shared.union(["Postgres", "OrderRecords", "Identity", "Glibc"])),
        service(
            "Waybill", "waybill",
            shared.union([
                "Postgres", "OrderSchema", "OrderRecords", "Identity", "JOSE", "Foundation", "Glibc",
            ])),
    ]

    /// What every service may import.
    private static let shared: Set<String> = [
        "EventLoop", "Bytes", "JSON", "HTTP", "Redis", "AMQP", "Observability", "Service", "Orders",
        "OrderEvents",
        "Messaging", "WorkflowState",
    ]

    private static func library(_ module: String, _ imports: Set<String>) -> ModuleRule {
        ModuleRule(module: module, folder: "libs/\(module)", imports: imports)
    }

    private static func service(_ module: String, _ folder: String, _ imports: Set<String>) -> ModuleRule {
        ModuleRule(module: module, folder: "services/\(folder)", imports: imports)
    }

    /// The modules that may import a C library. OpenSSL has three: TLS, signatures, and the WebSocket handshake's digest
    /// and random masks.
    static let wrappers: [String: Set<String>] = [
        "CLinux": ["EventLoop"],
        "COpenSSL": ["EventLoop", "JOSE", "HTTP"],
        "CHiredis": ["Redis"],
        "CRabbitMQ": ["AMQP"],
        "CPostgreSQL": ["Postgres"],
    ]
}
