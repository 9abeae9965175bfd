import EventLoop
import HTTP
import Observability
import Orders
import WorkflowState

/// A publication for this replica's sessions, encoded once for each protocol in use.
@Loop
final class EncodedPublication {
    private let publication: Publication
    private let epoch: Epoch

    private(set) lazy var frame = NativeCodec.frame(publication.frame)
    private(set) lazy var hubFrame = SignalRCodec.notification(publication.update)
    private(set) lazy var event = SSECodec.update(publication.frame, at: publication.offset, epoch)

    /// The parent of the spans of its pushes.
    private(set) lazy var trace =
        publication.traceparent.flatMap { TraceContext(traceparent: $0) } ?? .root(isSampled: false)

    init(_ publication: Publication, _ epoch: Epoch) {
        self.publication = publication
        self.epoch = epoch
    }

    var update: StatusUpdate { publication.update }
    /// The offset in the mailbox; nil for an ephemeral update.
    var offset: Int64? { publication.offset }
    /// The offset of the entry before it.
    var previous: Int64 { publication.previous ?? 0 }
}
