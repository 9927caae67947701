// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The system's time zones (package tzdata), each read once in the life of the process.
enum TimeZoneDatabase {
    private static let folders = ["/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/"]
    private static let localZone = "/etc/localtime"
    private static let known = Mutex<[String: TimeZoneData]>([:])

    /// - Throws: `time: invalid location name` or `unknown time zone X`, as Go does.
    static func zone(_ name: String) throws(BuiltinError) -> TimeZoneData {
        if name.isEmpty || name == "UTC" { return .utc }
        if let zone = known.withLock({ $0[name] }) { return zone }
        guard isSafe(name) else { throw .failed("time: invalid location name") }
        guard let zone = load(name) else { throw .failed("unknown time zone \(name)") }
        known.withLock { known in
            if known.count >= Limits.cachedTimeZones { known.removeAll() }
            known[name] = zone
        }
        return zone
    }

    /// A name must not lead out of the database's folder.
    private static func isSafe(_ name: String) -> Bool {
        let bytes = name.utf8
        guard bytes.count <= Limits.timeZoneNameBytes, bytes.first != UInt8(ascii: "/") else {
            return false
        }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "."):
                continue
            default: return false
            }
        }
        return !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }

    private static func load(_ name: String) -> TimeZoneData? {
        if name == "Local" { return read(localZone) ?? .utc }
        for folder in folders {
            if let zone = read(folder + name) { return zone }
        }
        return nil
    }

    private static func read(_ path: String) -> TimeZoneData? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size > 0, status.st_size <= Limits.timeZoneFileBytes
        else { return nil }
        var file = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < file.count {
            let count = file.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            filled += count
        }
        return TimeZoneData.read(file)
    }
}
