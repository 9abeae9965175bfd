import EventLoop
import Observability
import Orders
import WorkflowState

extension Session {
    private static let push = TracedOperation(
        "push", .producer,
        keys: ["waybill.session.id", "waybill.protocol", "waybill.status", "waybill.mailbox.offset"])

    /// The span of a publication's push to the session.
    func pushSpan(of publication: EncodedPublication) -> TraceSpan {
        let now = Instant.systemNow()
        return TraceSpan(
            Self.push, publication.trace.child(), of: publication.update.correlationID.uuid, from: now,
            to: now,
            .hexadecimal(id), .text(wireProtocol.name), .text(publication.update.status.wireName),
            publication.offset.map { .number(Int($0)) } ?? .none)
    }
}
