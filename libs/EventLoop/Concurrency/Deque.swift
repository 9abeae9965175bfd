/// A first-in, first-out queue over one array that grows by doubling and never shrinks.
package struct Deque<Element> {
    private var storage: [Element?]
    private var head = 0
    package private(set) var count = 0

    package init(minimumCapacity: Int = 16) {
        var capacity = 16
        while capacity < minimumCapacity { capacity *= 2 }
        storage = Array(repeating: nil, count: capacity)
    }

    package var isEmpty: Bool { count == 0 }
    package var first: Element? { count == 0 ? nil : storage[head] }

    /// The element `offset` places behind the first.
    package subscript(offset: Int) -> Element {
        get {
            precondition(offset >= 0 && offset < count)
            return storage[(head &+ offset) & (storage.count &- 1)]!
        }
        set {
            precondition(offset >= 0 && offset < count)
            storage[(head &+ offset) & (storage.count &- 1)] = newValue
        }
    }

    package mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[(head &+ count) & (storage.count &- 1)] = element
        count &+= 1
    }

    @discardableResult
    package mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head &+ 1) & (storage.count &- 1)
        count &-= 1
        return element
    }

    /// Changes the first element in place, without a copy of what it owns.
    package mutating func withFirst<Result>(_ body: (inout Element) -> Result) -> Result? {
        guard count > 0, var element = storage[head].take() else { return nil }
        defer { storage[head] = element }
        return body(&element)
    }

    /// Empties the queue and returns what it held, oldest first.
    package mutating func removeAll() -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        while let element = popFirst() { elements.append(element) }
        return elements
    }

    private mutating func grow() {
        var larger = [Element?](repeating: nil, count: storage.count * 2)
        for offset in 0..<count { larger[offset] = self[offset] }
        storage = larger
        head = 0
    }
}

extension Deque: Sendable where Element: Sendable {}

extension Deque: Sequence {
    package func makeIterator() -> some IteratorProtocol<Element> {
        (0..<count).lazy.map { self[$0] }.makeIterator()
    }
}
