internal import Bytes
package import EventLoop

/// The metrics registry of a process. Register instruments once at start and keep them: recording needs no look-up and
/// no lock.
///
/// Registering a name again with other labels adds a time series to the family; with the same labels it returns the
/// same instrument. A name has one kind, one help text and one set of label names.
@Loop package final class Metrics {
    private var families: [Family] = []
    private var indices: [ByteString: Int] = [:]
    private var collectors: [@Loop (inout PrometheusText) -> Void] = []

    package init() {}

    package func counter(_ name: String, _ help: String, labels: Labels = [:]) -> Counter {
        let child = register(name, help, .counter, labels) { .counter(Counter()) }
        guard case .counter(let counter) = child else { mismatch(name) }
        return counter
    }

    package func gauge(_ name: String, _ help: String, labels: Labels = [:]) -> Gauge {
        let child = register(name, help, .gauge, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = child else { mismatch(name) }
        return gauge
    }

    package func histogram(
        _ name: String, _ help: String, labels: Labels = [:], bounds: [Double] = Histogram.latency
    ) -> Histogram {
        let child = register(name, help, .histogram, labels) { .histogram(Histogram(bounds: bounds)) }
        guard case .histogram(let histogram) = child, histogram.bounds == bounds else { mismatch(name) }
        return histogram
    }

    /// A gauge whose value is read at each scrape.
    package func gauge(
        _ name: String, _ help: String, labels: Labels = [:], read: @escaping @Loop () -> Double
    ) {
        _ = register(name, help, .gauge, labels) { .computed(read) }
    }

    /// A counter whose value is read at each scrape.
    package func counter(
        _ name: String, _ help: String, labels: Labels = [:], read: @escaping @Loop () -> Double
    ) {
        _ = register(name, help, .counter, labels) { .computed(read) }
    }

    /// Adds a collector that writes whole families at each scrape. Their names must not be registered elsewhere.
    package func collect(_ collector: @escaping @Loop (inout PrometheusText) -> Void) {
        collectors.append(collector)
    }

    /// All metrics.
    package func exposition(_ format: PrometheusText.Format = .prometheus) -> [UInt8] {
        var text = PrometheusText(format)
        for family in families {
            text.family(family.name, family.help, family.kind)
            for child in family.children {
                child.instrument.write(to: &text, name: family.name, labels: child.text)
            }
        }
        for collector in collectors { collector(&text) }
        text.finish()
        return text.bytes
    }

    private func register(
        _ name: String, _ help: String, _ kind: PrometheusText.Kind, _ labels: Labels,
        _ make: () -> Instrument
    ) -> Instrument {
        guard let index = indices[ByteString(name)] else {
            precondition(MetricName.isMetric(name), "\(name) is not a valid metric name")
            indices[ByteString(name)] = families.count
            let child = Family.Child(labels: labels, instrument: make())
            families.append(Family(name: name, help: help, kind: kind, children: [child]))
            return child.instrument
        }
        let family = families[index]
        guard family.kind == kind, family.help == help,
            Set(family.children[0].labels.pairs.map(\.name)) == Set(labels.pairs.map(\.name))
        else { mismatch(name) }
        if let child = family.children.first(where: { $0.labels == labels }) { return child.instrument }
        let child = Family.Child(labels: labels, instrument: make())
        families[index].children.append(child)
        return child.instrument
    }

    private func mismatch(_ name: String) -> Never {
        preconditionFailure(
            "\(name) is already registered with another kind, help text, bounds or label names")
    }
}

private struct Family {
    let name: String
    let help: String
    let kind: PrometheusText.Kind
    var children: [Child]

    struct Child {
        let labels: Labels
        let text: [UInt8]
        let instrument: Instrument

        init(labels: Labels, instrument: Instrument) {
            self.labels = labels
            self.text = labels.text
            self.instrument = instrument
        }
    }
}

private enum Instrument {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    case computed(@Loop () -> Double)

    @Loop func write(to text: inout PrometheusText, name: String, labels: [UInt8]) {
        switch self {
        case .counter(let counter): text.sample(name, labels: labels, String(counter.value))
        case .gauge(let gauge): text.sample(name, labels: labels, PrometheusText.number(gauge.value))
        case .computed(let read): text.sample(name, labels: labels, PrometheusText.number(read()))
        case .histogram(let histogram):
            let comma = labels.isEmpty ? "" : ","
            var count: UInt64 = 0
            for (bound, observed) in zip(histogram.bounds + [.infinity], histogram.counts) {
                count += observed
                let le = labels + Array("\(comma)le=\"\(text.bound(bound))\"".utf8)
                text.sample("\(name)_bucket", labels: le, String(count))
            }
            text.sample("\(name)_sum", labels: labels, PrometheusText.number(histogram.sum))
            text.sample("\(name)_count", labels: labels, String(count))
        }
    }
}
