// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Reads the test material that lies beside the checkout, in `../shared`.
///
/// `PORTCULLIS_SHARED` names another folder. Material that cannot be found fails the test that
/// wants it, with the path that was tried.
public enum SharedFolder {
    public struct Missing: Error, CustomStringConvertible {
        public let path: String
        public var description: String {
            "test material not found at `\(path)`; "
                + "set PORTCULLIS_SHARED to the folder that holds it"
        }
    }

    public static let path: String = {
        if let configured = ProcessInfo.processInfo.environment["PORTCULLIS_SHARED"] {
            return configured
        }
        return projectRoot + "/../shared"
    }()

    /// The folder of Package.swift.
    public static let projectRoot: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    public static func read(_ relative: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path + "/" + relative) else {
            throw Missing(path: path + "/" + relative)
        }
        return [UInt8](data)
    }

    public static func text(_ relative: String) throws -> String {
        String(decoding: try read(relative), as: UTF8.self)
    }

    /// File names in a folder, sorted.
    public static func list(_ relative: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path + "/" + relative)
                .sorted()
        } catch {
            throw Missing(path: path + "/" + relative)
        }
    }
}
