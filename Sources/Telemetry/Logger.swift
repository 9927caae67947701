// SPDX-License-Identifier: Apache-2.0
import Glibc
import Platform

/// Takes finished lines.
public protocol LogSink: Sendable {
    /// - Parameter line: whole, with its line feed.
    func write(_ line: [UInt8])
}

/// Standard error. A line is one `write`, so lines of several threads do not mix; when the reader
/// is gone or does not read, lines are lost rather than the program stopped.
public struct StandardError: LogSink {
    public init() {}

    public func write(_ line: [UInt8]) {
        var start = 0
        while start < line.count {
            let count = line[start...].withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count > 0 {
                start += count
            } else if errno != EINTR {
                return
            }
        }
    }

    static var isTerminal: Bool { isatty(2) == 1 }
}

/// Tells operators what happens, one line an event. Not for the path of a check.
///
/// Every line has a stable code, for an error its own. What is secret (tokens, keys, bodies, header
/// values) is never given to it.
public struct Logger: Sendable {
    public let level: LogLevel
    private let format: LogFormat
    private let clock: any Clock
    private let sink: any LogSink

    public init(
        level: LogLevel = .info, format: LogFormat = .automatic, clock: any Clock = SystemClock(),
        sink: any LogSink = StandardError()
    ) {
        self.level = level
        self.format =
            format == .automatic ? (StandardError.isTerminal ? .text : .json) : format
        self.clock = clock
        self.sink = sink
    }

    public func log(
        _ level: LogLevel, _ code: String, _ message: String,
        _ fields: KeyValuePairs<String, LogValue> = [:]
    ) {
        guard level >= self.level else { return }
        var line = LogLine(
            format: format, time: Timestamp.text(clock.wall()), level: level, code: code,
            message: message)
        for (key, value) in fields where line.bytes.count < Limits.lineBytes {
            line.add(key, value)
        }
        sink.write(line.finish())
    }

    public func debug(
        _ code: String, _ message: String, _ fields: KeyValuePairs<String, LogValue> = [:]
    ) { log(.debug, code, message, fields) }

    public func info(
        _ code: String, _ message: String, _ fields: KeyValuePairs<String, LogValue> = [:]
    ) { log(.info, code, message, fields) }

    public func warning(
        _ code: String, _ message: String, _ fields: KeyValuePairs<String, LogValue> = [:]
    ) { log(.warning, code, message, fields) }

    public func error(
        _ code: String, _ message: String, _ fields: KeyValuePairs<String, LogValue> = [:]
    ) { log(.error, code, message, fields) }
}
