extension Duration {
    /// For people: `850 ms`, `12.3 s`, `4 min`, `3 h`, `2 days`.
    var text: String {
        let seconds = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return switch seconds {
        case ..<1: "\(Int((seconds * 1000).rounded())) ms"
        case ..<100: "\((seconds * 10).rounded() / 10) s"
        case ..<6000: "\(Int(seconds / 60)) min"
        case ..<172_800: "\(Int(seconds / 3600)) h"
        default: "\(Int(seconds / 86_400)) days"
        }
    }
}
