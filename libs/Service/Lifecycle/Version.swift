/// The version of all that is built here, which `--version` prints and images are labelled with.
package enum Version {
    /// As in CHANGELOG.md.
    package static let current = "0.9.0"
}
