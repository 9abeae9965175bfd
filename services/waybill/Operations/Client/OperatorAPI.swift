import EventLoop
internal import JSON

extension CommandContext {
    /// The console's routes, behind the edge, with the given token, or a development token of the role `operator`.
    @Loop func operatorAPI() async throws -> OrderAPI {
        let deployment = try deployment()
        let edge = try deployment.stack.read().edge
        if let token = deployment.token { return try OrderAPI(base: edge, token: token.reveal()) }
        let answer = try await OrderAPI.token(for: "OPERATOR", roles: ["operator"], at: edge)
        guard let token = answer["token"]?.string else {
            throw CommandError(.failure, "the response has no token", remedy: "waybill doctor")
        }
        return try OrderAPI(base: edge, token: token)
    }

    /// Shows a part of the system's state.
    @Loop func showState(
        isWatched: Bool, _ display: @Loop (JSONValue, Terminal) -> Display
    ) async throws -> ExitCode {
        let api = try await operatorAPI()
        return try await show(isWatched: isWatched) { display(try await api.get("/ops/api/state"), console) }
    }
}
