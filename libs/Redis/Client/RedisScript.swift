package import EventLoop

/// A Lua script which the server keeps under its digest.
///
/// The digest is learnt from the server when the script is first run, and is the same on every server.
@Loop
package final class RedisScript {
    package let source: String
    var digest: String?

    package init(_ source: String) { self.source = source }
}
