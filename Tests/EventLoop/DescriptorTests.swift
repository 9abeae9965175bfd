import EventLoop
import Glibc
import TestSupport
import Testing

@Suite struct DescriptorTests {
    @Test @Loop func readinessReachesTheHandlerUntilItIsCancelled() async throws {
        let pipe = Pipe()
        let handler = Reader(pipe.reading)
        let registration = try Loop.register(pipe.reading, handler, interest: .readable)
        pipe.write("a")
        try await eventually("read") { handler.text == "a" }
        registration.cancel()
        registration.cancel()
        pipe.write("b")
        // What is ready later has reached its handler.
        let later = Pipe()
        let laterHandler = Reader(later.reading)
        let laterRegistration = try Loop.register(later.reading, laterHandler, interest: .readable)
        later.write("c")
        try await eventually("read later") { laterHandler.text == "c" }
        laterRegistration.cancel()
        #expect(handler.text == "a")
        for pipe in [pipe, later] { pipe.close() }
    }

    /// Both descriptors are ready in one batch of events; the first handler closes the second and opens
    /// another under the same number. The old event must not reach the new owner.
    @Test @Loop func aStaleEventDoesNotReachTheNextOwnerOfADescriptor() async throws {
        let first = Pipe()
        let second = Pipe()
        var registration: Registration?
        let unregistered = Reader(-1)
        let victim = Reader(second.reading)
        let meddler = Closure {
            registration?.cancel()
            let replacement = dup2(first.reading, second.reading)
            registration = try? Loop.register(replacement, unregistered, interest: [])
        }
        let meddling = try Loop.register(first.reading, meddler, interest: .readable)
        registration = try Loop.register(second.reading, victim, interest: .readable)
        first.write("x")
        second.write("y")
        try await eventually("meddled") { meddler.calls > 0 }
        meddling.cancel()
        #expect(unregistered.readyCount == 0)
        registration?.cancel()
        first.close()
        second.close()
    }

    @Test @Loop func aSignalIsAnEventOfTheLoop() async throws {
        var count = 0
        let source = try Loop.onSignal(SIGUSR1) { count += 1 }
        pthread_kill(pthread_self(), SIGUSR1)
        try await eventually("the signal came") { count == 1 }
        source.cancel()
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:443", "::1", 443), ("example.org:1", "example.org", 1),
        (":8080", "0.0.0.0", 8080),
    ])
    func endpointsAreRead(text: String, host: String, port: Int) {
        #expect(Endpoint(text) == Endpoint(host: host, port: UInt16(port)))
    }

    @Test(arguments: ["", "host", "host:", "host:x", "host:70000", "::1:80", "host:-1"])
    func otherTextIsNoEndpoint(text: String) {
        #expect(Endpoint(text) == nil)
    }
}

@Loop
private final class Reader: DescriptorHandler {
    private let descriptor: Int32
    var text = ""
    var readyCount = 0
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func descriptorReady(_ readiness: Readiness) {
        readyCount += 1
        var byte: UInt8 = 0
        if unsafe read(descriptor, &byte, 1) == 1 { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    }
}

@Loop
private final class Closure: DescriptorHandler {
    private let action: @Loop () -> Void
    var calls = 0
    init(_ action: @escaping @Loop () -> Void) { self.action = action }

    func descriptorReady(_ readiness: Readiness) {
        calls += 1
        if calls == 1 { action() }
    }
}

private struct Pipe {
    let reading: Int32
    let writing: Int32

    init() {
        var ends: [Int32] = [0, 0]
        unsafe pipe(&ends)
        (reading, writing) = (ends[0], ends[1])
    }

    func write(_ text: String) { _ = unsafe Glibc.write(writing, text, text.utf8.count) }

    func close() {
        Glibc.close(reading)
        Glibc.close(writing)
    }
}
