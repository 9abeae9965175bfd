import EventLoop
import Observability
import Orders
import WorkflowState

extension Session {
    /// The span of a publication's push to the session.
    func pushSpan(of publication: EncodedPublication) -> TraceSpan {
        let now = Instant.systemNow()
        var attributes: [TraceSpan.Attribute] = [
            .init("waybill.session.id", .text(Self.text(of: id))),
            .init("waybill.protocol", .text(wireProtocol.name)),
            .init("waybill.status", .text(publication.update.status.wireName)),
        ]
        if let offset = publication.offset {
            attributes.append(.init("waybill.mailbox.offset", .number(Int(offset))))
        }
        return TraceSpan(
            "push", .producer, publication.trace.child(), of: publication.correlationID, from: now, to: now,
            attributes)
    }
}
