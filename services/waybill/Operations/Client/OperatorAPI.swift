import EventLoop
internal import JSON

extension CommandContext {
    /// The console's routes, behind the edge, with a new development token of the role `operator`.
    @Loop func operatorAPI() async throws -> OrderAPI {
        let edge = try stack.read().edge
        let answer = try await OrderAPI.token(for: "OPERATOR", roles: ["operator"], at: edge)
        guard let token = answer["token"]?.string else {
            throw CommandError(.failure, "the response has no token", remedy: "waybill doctor")
        }
        return OrderAPI(base: edge, token: token)
    }
}
