// SPDX-License-Identifier: Apache-2.0
import AgentContext
import DecisionLog
import Inspection
import RegoVM
import Server
import Telemetry
import ThreatIntelligence
import TransparencyLog

/// Every setting of the program, with its default. The keys of the file are those of this page.
///
/// Paths are relative to the folder in which the program runs. Durations are written `200ms`,
/// `5s`, `1h`; sizes `64KiB`, `4MiB`.
struct Configuration {
    /// `listen`: where Envoy's checks come in.
    var listen = Listen()
    /// `loops`: event loops, each a thread; 1 to 256. Default: one per processor.
    var loops = 0
    /// `policies`: files and folders with policies; JSON and YAML files in them are data, tests are
    /// left out. Default: `policies`.
    var policies = ["policies"]
    /// `data`: files and folders with data only. Default: `data`, if it is there.
    var data = ["data"]
    /// True when the file names `data` itself, so that it must be there.
    var isDataRequired = false
    var bundles = Bundles()
    /// `entrypoint`: the rule that decides, as a path below `data`; `a/b` and `data.a.b` are the
    /// same.
    var entrypoint = "portcullis.authz.decision"
    /// `route_entrypoints`: what an Envoy route may name instead (context extension
    /// `portcullis.entrypoint`). A name that is not listed is denied. Default: none.
    var routeEntrypoints: [String] = []
    var scopes = Scopes()
    var agents = Agents()
    /// `destinations.internal`: domains (with all below them) and address ranges that are the
    /// organisation's own. Replaces the default: private addresses, `localhost`, `internal`,
    /// `local`, `svc`.
    var internalDestinations = InternalDestinations.defaults
    /// `inspection.deny`: doubts about a request with which it is denied before policy runs.
    /// Danger: each one taken out is a known way around policies.
    var deniedDoubts = Doubts.deniedByDefault
    /// `inspection.confidence_header`: the request header in which an agent says how sure it is, a
    /// number from 0 to 1; always a claim. Default: `x-agent-confidence`.
    var confidenceHeader = ConfidenceHeader.defaultName
    var threat = Threat()
    var approvals = Approvals()
    var deferral = Deferral()
    var log = Log()
    var operators = Operators()
    /// `responders`: who is called when a restriction starts. Default: nobody.
    var responders: [ResponderEntry] = []
    var limits = Limits()
    var network = Network()
    var telemetry = Telemetry()

    struct Listen {
        /// `listen.tcp`: `host:port`, one or a list. Default `127.0.0.1:9191`, unless `listen.unix`
        /// is given. Danger: without `listen.tls` checks are neither encrypted nor authenticated;
        /// keep to loopback then.
        var addresses: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 9191)]
        /// `listen.tls`: for the TCP addresses. Default: none.
        var tls: TLS?
    }

    struct Scopes {
        /// `scopes.header`: the request header with the agent's scopes.
        var header = ScopeHeader.defaultName
        /// `scopes.separator`: one character. A comma, a space and a tab always part scopes too.
        var separator = ScopeHeader.defaultSeparator
    }

    struct Agents {
        /// `agents.key`: who an agent is: `principal` (its certificate, attested by Envoy; where it
        /// sees none and the route's context extension `portcullis.xfcc` is `trusted`, the last
        /// element of `x-forwarded-client-cert`),
        /// `extension:<name>` (a context extension of the route) or `header:<name>`.
        /// Danger: a header is a claim, unless Envoy sets it itself.
        var key = AgentKey.principal
        /// `agents.trust_domains`: SPIFFE trust domains whose agents are known. Default: any.
        var trustDomains: [String] = []
        /// `agents.maximum`: agents whose context is kept, at about 2 KB each. 0 keeps none: then
        /// policies have no `input.context`, and no restriction outlives its decision.
        var maximum = AgentContext.Limits.agents
        /// `agents.look_back`: at the start the context is rebuilt from the log; of records older
        /// than this only what may still hold is taken: labels, restrictions, signals, approvals.
        var lookBack: Int64 = 30 * 24 * 3_600_000_000_000
    }

    struct Threat {
        /// `threat.files`: threat lists; a path, or a mapping with `path` and what holds for the
        /// entries of that file:
        /// `name`: what policies and records call the list. Default: the file's name.
        /// `format`: `lines` or `csv`. Default: `csv` for a name that ends so, else `lines`.
        /// `kind`: `domain`, `address`, `range`, `hash` or `text`. Default: by each entry's form.
        /// `severity`: 0 to 100, unless an entry has its own. Default 70.
        /// `category`: unless an entry has its own.
        /// Default: none, and `input.threat` is undefined.
        var files: [ThreatFile] = []
        /// `threat.interval`: how often the files are looked at for changes, 1s to 24h.
        var interval: Int64 = 10_000_000_000
    }

    struct ThreatFile: Sendable, Equatable {
        var path: String
        var name: String
        var options: ThreatListReader.Options
    }

    struct Log {
        /// `log.enabled`. Danger: without it no decision leaves a trace.
        var isEnabled = true
        /// `log.directory`: the log itself (`checkpoint`, `tile/...`), ready to be served.
        var directory = "log"
        /// `log.journal`: records that are not in the log yet; must not be served. Default: the
        /// directory with `.journal`.
        var journal = "log.journal"
        /// `log.responders`: a folder that tells how far responders have followed the log. Default:
        /// the directory with `.responders`.
        var responders = "log.responders"
        /// `log.threats`: a folder with the threat lists that decisions were made with, for replay.
        /// Default: the directory with `.threats`.
        var threats = "log.threats"
        /// `log.key`: the signing key. Default: the directory with `.key`.
        var key = "log.key"
        /// `log.origin`: the log's name in its checkpoints and verifier key.
        var origin = LogKey.defaultOrigin
        /// `log.create`: `first` makes key, log and journal when none of the three is there;
        /// `never` leaves that to `portcullis log create`.
        var isCreatedFirst = true
        /// `log.durability`: `buffered` (in the kernel before the answer: survives our crash) or
        /// `durable` (on the disk before the answer: survives a power loss).
        /// `log.on_failure`: `closed` denies what cannot be recorded; `open` gives the answer and
        /// records later how many have no record. Danger: with `open` a full disk hides decisions.
        /// `log.checkpoint_interval`, `log.segment`, `log.backlog`: time between checkpoints, bytes
        /// of a journal file, bytes that may wait for the sequencer.
        var options = LogConfiguration()
        var checkpoints = Checkpoints()
        /// `log.witnesses`: C2SP witnesses that are asked to cosign each shared checkpoint, as a
        /// list of `VERIFIER-KEY URL`. Their cosignatures are in `checkpoint.witnessed`.
        var witnesses: [WitnessAddress] = []
        /// `log.quorum`: cosignatures without which `checkpoint.witnessed` stays as it is.
        /// Default: all witnesses.
        var quorum: Int?
        /// `log.content_directory`: the texts that records refer to by a salted hash, and that
        /// `portcullis log erase` can remove; must not be served. Default: the directory with
        /// `.content`.
        var contentDirectory = "log.content"
        /// `log.content`: which texts are kept. `input` (the default): the whole check without
        /// credentials, which `portcullis replay` needs. `bodies`: prompts, arguments, bodies.
        /// `none`: nothing; then nothing can be replayed.
        /// `log.content_age`: how long, 720h. `log.content_size`: how much at most, 8GiB; the
        /// oldest go first. `log.content_limit`: bytes of one check, 1MiB; a longer one is kept
        /// without its body.
        var content = ContentConfiguration()
    }

    /// Where checkpoints go beside the log, so that who can change the log cannot hide it.
    struct Checkpoints {
        /// `log.checkpoints.file`: a file, on another disk or host, that holds the newest one. The
        /// program does not start on a log that does not begin with what it holds.
        var file: String?
        /// `log.checkpoints.push`: a URL to which each one is sent by POST.
        var push: String?
        /// `log.checkpoints.interval`: time between two that are shared, 1s to 24h.
        var interval: Int64 = 60_000_000_000
    }

    struct WitnessAddress {
        let key: VerifierKey
        let url: String
    }

    struct Limits {
        /// `limits.message`: bytes of one check, 64KiB to 64MiB.
        var message: Int64 = 4 << 20
        /// `limits.connections`: connections open at once.
        var connections = 10_000
        /// `limits.deadline`: the time for a check whose caller sets none.
        var deadline: Int64 = 1_000_000_000
        /// `limits.drain`: the time that checks in flight get when the program is told to end.
        var drain: Int64 = 20_000_000_000
        /// `limits.work`: work units of one decision.
        var work = 10_000_000
        /// `limits.answer`: bytes of what a policy answers, 16 for each of its parts included.
        var answer = Int64(RegoVM.Limits.answerBytes)
        /// `limits.memory`: bytes of values of one decision.
        var memory: Int64 = 64 << 20
        /// `limits.remembered`: bytes of answers that each loop and each worker remembers, so that
        /// a policy is evaluated only for what is new to it. 0 evaluates it for each check.
        var remembered = Int64(RegoVM.Limits.answerMemoryBytes)
    }

    struct Telemetry {
        /// `telemetry.level`: `debug`, `info`, `warning`, `error`.
        var level = LogLevel.info
        /// `telemetry.format`: `automatic` (text on a terminal, else JSON), `json`, `logfmt`,
        /// `text`.
        var format = LogFormat.automatic
    }
}
