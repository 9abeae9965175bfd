import EventLoop
import HTTP
import Orders
import WorkflowState

/// An update for this replica's sessions, encoded once for each protocol in use.
@Loop
final class Publication {
    let update: StatusUpdate
    /// The offset in the mailbox; nil for an ephemeral update.
    let offset: Int64?
    /// The offset of the entry before it.
    let previous: Int64
    private let epoch: Epoch
    private let json: [UInt8]

    private(set) lazy var frame = NativeCodec.frame(json)
    private(set) lazy var hubFrame = SignalRCodec.notification(update)
    private(set) lazy var event = SSECodec.update(json, at: offset, epoch)

    init(_ message: ChannelMessage, _ epoch: Epoch) {
        update = message.update
        offset = message.offset
        previous = message.previous ?? 0
        json = message.frame
        self.epoch = epoch
    }

    init(_ entry: MailboxEntry, _ epoch: Epoch) {
        update = entry.update
        offset = entry.offset
        previous = 0
        json = entry.frame
        self.epoch = epoch
    }
}
