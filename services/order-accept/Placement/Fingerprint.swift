import JOSE
import Orders

extension OrderRequest {
    /// Tells this request's content from others': white space, the order of members and how a quantity is
    /// split over lines do not matter.
    var fingerprint: String {
        var bytes = Array("POST /api/orders\n".utf8)
        for line in lines {
            bytes.append(contentsOf: line.productID.utf8)
            // No product id that is checked against the catalogue holds this byte, nor does a number.
            bytes.append(0)
            bytes.append(contentsOf: "\(line.quantity)\n".utf8)
        }
        return Base64URL.encode(SHA256.digest(of: bytes))
    }
}
