import EventLoop
import Messaging
import OrderRecords
import Orders
import WorkflowState

/// Maps the errors of servers to the handling of messages.
extension HandlingError {
    init(_ error: OrderRecordsError) {
        switch error.code {
        // A lock may be held for long; it says nothing about the orders that wait for it.
        case .unavailable, .contended: self.init(.unavailable, error.description)
        case .failed: self.init(.transient, error.description)
        case .unknownProduct:
            self.init(
                .permanent, "A product does not exist.", code: OrderFailureCode.productUnavailable.rawValue)
        case .refused: self.init(.permanent, error.description)
        }
    }

    /// An unavailable Redis affects every message; an unexpected value only its order.
    init(_ error: WorkflowStateError) {
        self.init(error.code == .unavailable ? .unavailable : .transient, error.description)
    }

    /// A topology that is missing counts as an unavailable broker.
    init(_ error: MessagingError) {
        self.init(error.code == .invalid ? .permanent : .unavailable, error.description)
    }

    /// Runs a step and maps its error.
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
