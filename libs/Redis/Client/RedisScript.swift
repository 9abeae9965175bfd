package import EventLoop

/// A Lua script that the server caches under its digest.
///
/// The server returns the digest when the script is first loaded; it is the same on every server.
@Loop
package final class RedisScript {
    package let source: String
    var digest: String?

    package init(_ source: String) { self.source = source }
}
