import EventLoop
import Messaging
import OrderRecords
import WorkflowState

/// What a server's failure means for the messages.
extension HandlingError {
    init(_ error: OrderRecordsError) {
        switch error.code {
        case .unavailable: self.init(.unavailable, error.description)
        case .contended: self.init(.transient, error.description)
        case .refused: self.init(.permanent, error.description)
        }
    }

    /// Redis away is nobody's fault; a value that nobody of us wrote is that order's.
    init(_ error: WorkflowStateError) {
        self.init(error.code == .unavailable ? .unavailable : .transient, error.description)
    }

    /// An exchange without its queues is as good as no broker.
    init(_ error: MessagingError) {
        self.init(error.code == .invalid ? .permanent : .unavailable, error.description)
    }

    /// Runs a step of the work, with its failure put into these terms.
    @Loop static func mapping<Value>(_ body: @Loop () async throws -> Value) async throws(HandlingError)
        -> Value
    {
        do {
            return try await body()
        } catch let error as HandlingError {
            throw error
        } catch let error as OrderRecordsError {
            throw HandlingError(error)
        } catch let error as WorkflowStateError {
            throw HandlingError(error)
        } catch let error as MessagingError {
            throw HandlingError(error)
        } catch {
            throw HandlingError(.transient, "The order could not be processed.")
        }
    }
}
