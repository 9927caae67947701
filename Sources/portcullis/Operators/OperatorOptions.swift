// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import HTTPClient
import Platform
import RegoVM

/// How the verbs of operators look when they are done.
enum OperatorFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case table
    /// What the API answered.
    case json
}

/// Where the operators' API is, and who asks it.
struct OperatorOptions: ParsableArguments {
    @OptionGroup var configuration: ConfigurationOption

    @Option(
        name: .long,
        help: "The API's socket. Default: `operators.unix` of the configuration.")
    var socket: String?

    @Option(name: .long, help: "The API's address on TCP: `https://host:port`.")
    var url: String?

    @Option(name: .long, help: "A file with the token to send.")
    var tokenFile: String?

    @Option(name: .long, help: "A PEM file with the client certificate to show; needs --key.")
    var cert: String?

    @Option(name: .long, help: "A PEM file with the certificate's key.")
    var key: String?

    @Option(name: .long, help: "A PEM file with the authorities of the server's certificate.")
    var ca: String?

    @Option(name: .long, help: "`table` or `json`.")
    var format = OperatorFormat.table

    func validate() throws {
        if socket != nil, url != nil { throw ValidationError("give --socket or --url, not both") }
        if (cert == nil) != (key == nil) { throw ValidationError("--cert and --key go together") }
        guard url == nil else { return }
        for (name, value) in [("--token-file", tokenFile), ("--cert", cert), ("--ca", ca)]
        where value != nil {
            throw ValidationError("\(name) goes with --url: on a socket the system says who asks")
        }
    }

    func client() throws -> OperatorClient {
        var client = OperatorClient()
        guard let url else {
            client.socket = try socket ?? configuration.load().operators.unix
            return client
        }
        client.base = url
        while client.base.hasSuffix("/") { client.base.removeLast() }
        if let tokenFile {
            let text = String(decoding: try secret(tokenFile), as: UTF8.self)
            client.token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if let ca {
            client.security.trustsSystem = false
            client.security.authorities = try InputBytes.read(ca)
        }
        if let cert, let key {
            client.security.certificate = try InputBytes.read(cert)
            client.security.key = try secret(key)
        }
        return client
    }

    private func secret(_ path: String) throws -> [UInt8] {
        guard let bytes = try SecretFile.read(path) else {
            throw OperatorFailure(ExitStatus.invalid, "`\(path)` is not there")
        }
        return bytes
    }

    /// Says so when nobody has seen the agent: an id is easily mistyped.
    func warnUnlessSeen(_ agent: String) {
        do {
            _ = try client().send(OperatorRequest("GET", ["agents", agent]))
        } catch let failure as OperatorFailure where failure.status == 404 {
            Output.error(
                "warning: no agent `\(PlainText.clean(agent))` was seen yet\n"
                    + "  hint: `portcullis agents list` prints ids in full\n")
        } catch {
            // What is asked for next fails as well, and says why.
        }
    }

    /// Asks, and prints the answer: as it came, or what `show` makes of it.
    func run(
        _ request: OperatorRequest, _ show: (OperatorAnswer) throws -> String
    ) throws {
        do {
            let answer = try client().send(request)
            switch format {
            case .json: Output.print(answer.body + [UInt8(ascii: "\n")])
            case .table: Output.print(try show(answer))
            }
        } catch let failure as OperatorFailure {
            Output.error("\(failure.message)\n")
            if let hint = failure.hint { Output.error("  hint: \(hint)\n") }
            throw ExitCode(failure.exit)
        } catch let failure as ConfigurationFailure {
            throw failure
        } catch let error as ValidationError {
            throw error
        } catch {
            throw Failure.report(error)
        }
    }
}

/// Why an operator's verb was not done.
struct OperatorFailure: Error {
    let exit: Int32
    let message: String
    var hint: String?
    /// Of the API's answer, where there was one.
    var status: Int?

    init(_ exit: Int32, _ message: String, hint: String? = nil) {
        self.exit = exit
        self.message = message
        self.hint = hint
    }
}
