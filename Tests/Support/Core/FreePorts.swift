import Foundation

/// Ports for servers that a test starts, and that may be free for a while in between: below the kernel's range for outgoing
/// connections, one of which would take the port of a server that was killed.
package enum FreePorts {
    package static func choose(_ count: Int) async throws -> [UInt16] {
        let result = try await Program.run(
            ["infra/local/bin/servers", "free-ports", "\(count)"], in: Program.repository)
        let ports = result.output.split(whereSeparator: \.isWhitespace).compactMap { UInt16($0) }
        guard result.status == 0, ports.count == count else { throw ServersDidNotStart(log: result.errors) }
        return ports
    }
}
