// SPDX-License-Identifier: Apache-2.0
import ThreatIntelligence

/// The threat lists that the configuration names, as they are on the disk: `serve` and `validate`
/// run the same code.
struct ThreatLists {
    let files: [Configuration.ThreatFile]
    /// What the files looked like when they were last read.
    private var seen = FileStates([])

    init(_ files: [Configuration.ThreatFile]) { self.files = files }

    /// True when a file is not as it was when `read` began last.
    var hasChanged: Bool { FileStates(files.map(\.path)) != seen }

    /// Lists as they were read, and ready to be looked up.
    struct Reading {
        let snapshot: ThreatSnapshot
        let index: ThreatIndex
    }

    /// Reads all files, whatever is wrong with one of them.
    mutating func read() throws(ThreatListFailure) -> Reading {
        // Before reading: a change while it goes on is seen the next time.
        seen = FileStates(files.map(\.path))
        var lists: [ThreatList] = []
        var errors: [ThreatListError] = []
        for file in files {
            do throws(ThreatListFailure) {
                lists.append(try Self.read(file))
            } catch {
                errors += error.errors
            }
        }
        guard errors.isEmpty else { throw ThreatListFailure(errors) }
        do throws(ThreatIndex.Failure) {
            let snapshot = ThreatSnapshot(lists)
            return Reading(
                snapshot: snapshot,
                index: try ThreatIndex(lists, revision: snapshot.revision))
        } catch {
            throw ThreatListFailure([
                ThreatListError(file: "threat.files", line: 0, message: "\(error)")
            ])
        }
    }

    private static func read(
        _ file: Configuration.ThreatFile
    ) throws(ThreatListFailure) -> ThreatList {
        let bytes: [UInt8]
        do throws(InputBytes.Unreadable) {
            bytes = try InputBytes.read(file.path)
        } catch {
            throw ThreatListFailure([
                ThreatListError(file: file.path, line: 0, message: error.reason)
            ])
        }
        return try ThreatListReader.read(
            bytes, file: file.path, name: file.name, file.options)
    }
}
