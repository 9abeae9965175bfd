import EventLoop
import HTTP
import Identity
import Observability
import OrderRecords
import Orders
import WorkflowState

/// The handling of a client's messages.
extension Session {
    func handle(_ message: ClientMessage) {
        switch message {
        case .authenticate(let token): authenticate(token)
        case .refresh(let token): refresh(token)
        case .resume(let start): resume(start)
        case .status(let id): status(id)
        case .ping: send(.pong)
        case .ignored: break
        case .handshake(let error): completeHandshake(error: error)
        case .invoke(let call, let id): invoke(call, id)
        case .close: end(.normal, "as asked for")
        case .unknown: send(.fault(code: "unknown_type", detail: "This type of message is not known."))
        }
    }

    // MARK: Tokens

    private func authenticate(_ token: String) {
        guard mayAuthenticate() else {
            return send(.fault(code: "already_authenticated", detail: "The session has its user."))
        }
        verify(token) { session, principal in session.join(principal) }
    }

    private func refresh(_ token: String) {
        guard user != nil else { return notYet() }
        isRefreshing = true
        verify(token) { session, principal in
            guard principal.userID == session.user else {
                return session.end(.otherUser, "a token of another user")
            }
            session.accept(principal)
            let time = Timestamp(milliseconds: Int64(session.expiresAt) * 1000)
            session.send(.refreshed(expiresAt: time))
        }
    }

    private func verify(_ token: String, _ use: @escaping @Loop (Session, Principal) -> Void) {
        registry.tasks.start { [self] in
            do throws(AuthenticationError) {
                let principal = try await registry.authenticator.authenticate(token)
                isRefreshing = false
                if isOpen { use(self, principal) }
            } catch {
                isRefreshing = false
                if error == .unavailable {
                    // The token that the session has is still good.
                    if user != nil { return send(.fault(code: "unavailable", detail: "Try again.")) }
                    return end(.tryAgainLater, "try again")
                }
                registry.metrics.refusals.token.increment()
                end(.unauthenticated, "token refused")
            }
        }
    }

    // MARK: The mailbox and orders

    private func resume(_ start: ResumePoint) {
        guard case .live(let subscription) = phase else { return notYet() }
        if !registry.subscriptions.resume(self, in: subscription, from: start) {
            send(.fault(code: "busy", detail: "A resume is under way."))
        }
    }

    private func status(_ id: CorrelationID?) {
        guard user != nil else { return notYet() }
        guard let id else {
            return send(.fault(code: "invalid_correlation_id", detail: "Invalid correlationId"))
        }
        look(up: id) { session, answer in
            switch answer {
            case .success(let found?): session.send(.status(found))
            // The answer does not reveal whether another user has the order.
            case .success(nil): session.send(.fault(code: "not_found", detail: "No such order."))
            case .failure(.unavailable): session.send(.fault(code: "unavailable", detail: "Try again."))
            case .failure(.tooMany):
                session.send(.fault(code: "busy", detail: "Too many questions at once."))
            }
        }
    }

    private func notYet() {
        send(.fault(code: "not_ready", detail: "The session is not ready for this yet."))
    }

    /// Looks up the status of an order; nil when it is not the session's user's.
    private func look(
        up id: CorrelationID, _ answer: @escaping @Loop (Session, Result<StatusAnswer?, LookupError>) -> Void
    ) {
        guard beginLookup() else { return answer(self, .failure(.tooMany)) }
        registry.tasks.start { [self] in
            let found = await status(of: id)
            endLookup()
            answer(self, found)
        }
    }

    /// From Redis once it has ended there, else from PostgreSQL: Redis may have been away when it ended.
    private func status(of id: CorrelationID) async -> Result<StatusAnswer?, LookupError> {
        var remembered: StatusAnswer?
        if let workflow = try? await registry.workflows.workflow(id), let owner = workflow.owner {
            guard owner == user else { return .success(nil) }
            let answer = StatusAnswer(
                correlationID: id, status: workflow.status.status, orderID: workflow.orderID)
            if answer.status.isFinal { return .success(answer) }
            remembered = answer
        }
        guard let recorded = try? await registry.owners.owners(of: [id]) else {
            return remembered.map { .success($0) } ?? .failure(.unavailable)
        }
        guard let order = recorded[id] else { return .success(remembered) }
        guard order.user == user, !order.isDeleted else { return .success(nil) }
        return .success(
            StatusAnswer(
                correlationID: id, status: order.status ?? remembered?.status ?? .accepted,
                orderID: order.orderID))
    }

    // MARK: The hub

    private func invoke(_ call: SignalRInvocation, _ invocation: String?) {
        func complete(_ completion: SignalRCompletion) {
            if let invocation { send(.completion(id: invocation, completion)) }
        }
        guard !isHandshaking else { return end(.protocolError, "the handshake is missing") }
        switch call {
        case .ping: complete(.text("pong"))
        case .unknown(let name): complete(.failure("Unknown hub method '\(name)'"))
        case .stream(let name): complete(.failure("The method '\(name.prefix(64))' does not stream."))
        case .registerOrder(nil), .currentStatus(nil): complete(.failure("Invalid correlationId"))
        case .registerOrder(let id?):
            look(up: id) { _, answer in
                switch answer {
                case .success(let found): complete(found == nil ? .failure("Unknown order") : .void)
                case .failure(let error): complete(.failure(error.text))
                }
            }
        case .currentStatus(let id?):
            look(up: id) { _, answer in
                switch answer {
                case .success(let found): complete(.status(found))
                case .failure(let error): complete(.failure(error.text))
                }
            }
        }
    }
}

/// Why the status of an order could not be looked up.
enum LookupError: Error, Sendable {
    /// Neither Redis nor PostgreSQL answers.
    case unavailable
    /// The session asks too much at once.
    case tooMany

    /// For a hub's client.
    var text: String { self == .unavailable ? "Temporarily unavailable" : "Too many calls" }
}
