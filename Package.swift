// swift-tools-version: 6.3
import PackageDescription

/// One set of rules for every Swift target. CI adds warnings-as-errors on its command line, so that a
/// newer toolchain's new warning does not break a user's build.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableExperimentalFeature("Lifetimes"),
]

/// A C library of the system, behind a module map in `libs/CSystem`; one wrapper alone imports it.
func system(_ name: String, pkgConfig: String? = nil, apt: String, brew: String) -> Target {
    .systemLibrary(
        name: name, path: "libs/CSystem/\(name)", pkgConfig: pkgConfig,
        providers: [.apt([apt]), .brew([brew])])
}

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "libs/\(name)", exclude: ["README.md"] + exclude,
        resources: resources, swiftSettings: settings)
}

/// A deployable: the folder carries the product's name, the target its CamelCase.
func service(
    _ name: String, folder: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil
) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "services/\(folder)", exclude: ["README.md"],
        resources: resources, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
        resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "waybill",
    products: [
        .executable(name: "order-accept", targets: ["OrderAccept"]),
        .executable(name: "order-process", targets: ["OrderProcess"]),
        .executable(name: "order-notification", targets: ["OrderNotification"]),
        .executable(name: "console", targets: ["Console"]),
        .executable(name: "waybill", targets: ["Waybill"]),
    ],
    targets: [
        .systemLibrary(name: "CLinux", path: "libs/CSystem/CLinux"),
        system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev", brew: "openssl@3"),
        // hiredis.pc carries flags that the package manager prohibits.
        system("CHiredis", apt: "libhiredis-dev", brew: "hiredis"),
        system("CRabbitMQ", pkgConfig: "librabbitmq", apt: "librabbitmq-dev", brew: "rabbitmq-c"),
        system("CPostgreSQL", pkgConfig: "libpq", apt: "libpq-dev", brew: "libpq"),

        library("EventLoop", ["CLinux", "COpenSSL"]),
        library("Bytes"),
        library("JSON", ["Bytes"]),
        library("JOSE", ["COpenSSL", "Bytes", "JSON"]),
        library("HTTP", ["EventLoop", "COpenSSL", "Bytes"]),
        library("Redis", ["EventLoop", "CHiredis", "Bytes"]),
        library("AMQP", ["EventLoop", "CRabbitMQ"]),
        library("Postgres", ["EventLoop", "CPostgreSQL", "Bytes"]),
        library("Observability", ["EventLoop", "Bytes", "JSON"]),
        library(
            "Service", ["EventLoop", "Bytes", "AMQP", "HTTP", "JSON", "Observability", "Postgres", "Redis"]),
        library("Orders", ["Bytes"]),
        library("OrderEvents", ["Bytes", "JSON", "Orders"], exclude: ["Schemas", "asyncapi.yaml"]),
        library("OrderSchema", resources: [.embedInCode("Migrations")]),
        library(
            "Messaging", ["EventLoop", "Bytes", "AMQP", "JSON", "Orders", "OrderEvents", "Observability"]),
        library("WorkflowState", ["EventLoop", "Redis", "JSON", "Orders", "OrderEvents"]),
        library(
            "Identity", ["EventLoop", "Bytes", "HTTP", "JOSE", "JSON", "Observability", "Orders", "Service"]),
        library(
            "OrderRecords",
            ["EventLoop", "Bytes", "Postgres", "JSON", "Orders", "OrderEvents", "OrderSchema"]),

        service(
            "OrderAccept", folder: "order-accept",
            [
                "EventLoop", "Bytes", "JSON", "HTTP", "Redis", "AMQP", "Postgres", "Observability", "Service",
                "Orders", "OrderEvents", "OrderRecords",
                "Messaging", "WorkflowState", "Identity", "JOSE",
            ], resources: [.embedInCode("Resources")]),
        service(
            "OrderProcess", folder: "order-process",
            [
                "EventLoop", "Bytes", "JSON", "HTTP", "Redis", "AMQP", "Postgres", "Observability", "Service",
                "Orders", "OrderEvents", "OrderSchema",
                "OrderRecords", "Messaging", "WorkflowState",
            ]),
        service(
            "OrderNotification", folder: "order-notification",
            [
                "EventLoop", "Bytes", "JSON", "HTTP", "Redis", "AMQP", "Observability", "Service", "Orders",
                "OrderEvents", "OrderRecords", "Postgres", "Messaging",
                "WorkflowState", "Identity", "JOSE",
            ]),
        service(
            "Console", folder: "console",
            [
                "EventLoop", "Bytes", "JSON", "HTTP", "Redis", "AMQP", "Postgres", "Observability", "Service",
                "Orders", "OrderRecords", "Messaging", "WorkflowState", "Identity",
            ]),
        service(
            "Waybill", folder: "waybill",
            [
                "EventLoop", "Bytes", "JSON", "HTTP", "Redis", "AMQP", "Postgres", "Observability", "Service",
                "Orders", "OrderEvents", "OrderSchema",
                "OrderRecords", "Messaging", "WorkflowState", "Identity", "JOSE",
            ]),

        .executableTarget(
            name: "ConformanceEcho", dependencies: ["EventLoop", "HTTP"],
            path: "Tests/System/Conformance/Echo",
            swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["EventLoop"], path: "Tests/Support/Core",
            swiftSettings: settings),
        .target(
            name: "MemoryAdapters",
            dependencies: [
                "EventLoop", "AMQP", "Messaging", "Observability", "OrderEvents", "OrderRecords", "Orders",
                "Redis", "WorkflowState",
            ], path: "Tests/Support/MemoryAdapters", swiftSettings: settings),
        tests("Architecture"),
        tests(
            "Examples",
            [
                "Bytes", "EventLoop", "JSON", "JOSE", "HTTP", "Redis", "AMQP", "Postgres", "Observability",
                "Service", "Orders", "OrderEvents", "OrderSchema", "Messaging", "WorkflowState", "Identity",
                "OrderRecords",
            ]),
        tests("EventLoop", ["EventLoop", "TestSupport"]),
        tests("Bytes", ["Bytes"]),
        tests("JSON", ["JSON", "TestSupport"]),
        tests("JOSE", ["JOSE", "JSON", "TestSupport"]),
        tests("HTTP", ["HTTP", "EventLoop", "TestSupport"]),
        tests("Redis", ["Redis", "EventLoop", "TestSupport"]),
        tests("AMQP", ["AMQP", "EventLoop", "TestSupport"]),
        tests("Postgres", ["Bytes", "Postgres", "EventLoop", "TestSupport"]),
        tests("Observability", ["Bytes", "Observability", "EventLoop", "JSON", "TestSupport"]),
        tests(
            "Service",
            [
                "Service", "Bytes", "HTTP", "EventLoop", "Observability", "JSON", "TestSupport",
                "MemoryAdapters",
            ]),
        tests("Orders", ["Orders", "TestSupport"]),
        tests("OrderEvents", ["OrderEvents", "Orders", "JSON", "TestSupport"]),
        tests("OrderSchema", ["OrderSchema", "Orders", "TestSupport"]),
        tests(
            "Messaging",
            [
                "Bytes", "Messaging", "AMQP", "EventLoop", "JSON", "Orders", "OrderEvents", "Observability",
                "TestSupport", "MemoryAdapters",
            ]),
        tests(
            "WorkflowState",
            ["WorkflowState", "Redis", "EventLoop", "JSON", "Orders", "TestSupport", "MemoryAdapters"]),
        tests("Identity", ["Identity", "Orders", "HTTP", "JOSE", "JSON", "EventLoop", "TestSupport"]),
        tests(
            "OrderAccept",
            [
                "Bytes", "OrderAccept", "EventLoop", "HTTP", "JOSE", "JSON", "Orders", "OrderEvents",
                "OrderSchema",
                "Identity", "Messaging", "AMQP", "Observability", "OrderRecords", "Postgres", "Service",
                "WorkflowState", "TestSupport", "MemoryAdapters",
            ]),
        tests(
            "OrderRecords",
            [
                "Bytes", "OrderRecords", "Postgres", "EventLoop", "Orders", "OrderEvents", "TestSupport",
                "MemoryAdapters",
            ]),
        tests(
            "OrderProcess",
            [
                "Bytes", "OrderProcess", "OrderRecords", "OrderEvents", "Orders", "WorkflowState", "Redis",
                "Postgres",
                "AMQP",
                "Messaging", "EventLoop", "JSON", "Observability", "TestSupport", "MemoryAdapters",
            ]),
        tests(
            "OrderNotification",
            [
                "OrderNotification", "EventLoop", "HTTP", "JSON", "JOSE", "Identity", "Observability",
                "Orders", "OrderEvents", "OrderRecords", "Redis", "Messaging", "WorkflowState", "Service",
                "TestSupport", "MemoryAdapters",
            ]),
        tests(
            "Console",
            [
                "Console", "EventLoop", "HTTP", "Identity", "JOSE", "JSON", "Messaging", "Orders", "Service",
                "TestSupport",
            ]),
        tests(
            "Waybill",
            [
                "Bytes", "Waybill", "EventLoop", "HTTP", "Identity", "JOSE", "JSON", "Messaging",
                "Observability", "Service", "TestSupport",
            ]),
        tests(
            "Simulation",
            [
                "OrderAccept", "OrderProcess", "OrderNotification", "Bytes", "EventLoop", "HTTP", "Identity",
                "JOSE", "JSON", "Messaging", "Observability", "OrderEvents", "OrderRecords", "Orders",
                "Postgres",
                "WorkflowState", "MemoryAdapters",
            ], exclude: ["run", "Planted"]),
        tests("Integration", ["EventLoop", "HTTP", "JSON", "Redis", "TestSupport"]),
        tests(
            "EndToEnd",
            ["EventLoop", "HTTP", "Redis", "AMQP", "Postgres", "JOSE", "JSON", "Orders", "TestSupport"]),
    ]
)

// For builds of a few tests, such as the simulation's with optimization.
if let names = Context.environment["WAYBILL_TESTS"]?.split(separator: ",") {
    package.targets.removeAll { $0.type == .test && !names.map { "\($0)Tests" }.contains($0.name) }
}
// Under a sanitizer only the modules with unsafe code are built, and their tests: the compiler proves the others
// memory-safe and free of data races.
if let names = Context.environment["WAYBILL_SANITIZED"]?.split(separator: ",").map(String.init) {
    let kept = Set(names + names.map { "\($0)Tests" } + ["Bytes", "JSON", "TestSupport"])
    package.targets.removeAll { $0.type != .system && !kept.contains($0.name) }
    package.products.removeAll()
}
