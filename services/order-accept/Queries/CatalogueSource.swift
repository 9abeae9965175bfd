import EventLoop
import Orders

/// The products of this moment, in memory.
@Loop
protocol CatalogueSource: AnyObject {
    /// Nil until it was read for the first time.
    var current: Catalogue? { get }
}
