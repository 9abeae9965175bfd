package import EventLoop
package import Observability

/// The inputs of a service's composition.
@Loop package struct ServiceContext {
    /// The deployable's name, `order-accept`.
    package let name: String
    package let replica: String
    package let profile: Profile
    package let settings: Settings
    /// Where the HTTP server listens.
    package let listen: Endpoint
    package let log: Logger
    package let metrics: Metrics
    package let tracer: Tracer
    package let health: Health
    package let shutdown: Shutdown
}
