// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// A target imports only targets above it, and only those it names (Tests/Tidy checks that).
// ARCHITECTURE.md tells what each one holds.
let package = Package(
    name: "portcullis-pdp",
    products: [
        .executable(name: "portcullis", targets: ["portcullis"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.1"),
    ],
    targets: [
        // System libraries.
        .systemLibrary(
            name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2"), .linkedLibrary("stdc++")]),
        .target(name: "CExtAuthz", dependencies: ["CProtobufC"]),
        .target(name: "CLinux"),
        .target(name: "CCurl"),
        .target(
            name: "CMicrohttpd",
            linkerSettings: [.linkedLibrary("microhttpd"), .linkedLibrary("gnutls")]),
        .target(name: "CText"),
        .target(name: "CMultiBuffer"),

        // Foundations.
        .target(name: "Platform", dependencies: ["CLinux"]),
        .target(name: "Telemetry", dependencies: ["Platform"]),
        .target(name: "Cryptography", dependencies: ["COpenSSL", "CMultiBuffer"]),
        .target(name: "Compression", dependencies: ["CZlib"]),
        .target(name: "Authorization", dependencies: ["CText"]),

        // Protocols, without IO.
        .target(name: "TLS", dependencies: ["COpenSSL", "Authorization"]),
        .target(name: "HTTP2", dependencies: ["CNghttp2"]),
        .target(name: "GRPC", dependencies: ["HTTP2", "CExtAuthz", "CText"]),
        .target(name: "ExtAuthz", dependencies: ["Authorization", "CText"]),

        // The policy engine.
        .target(
            name: "RegoVM",
            dependencies: [
                "COpenSSL", "CRE2", "CText", .product(name: "BigInt", package: "BigInt"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(name: "RegoCompiler", dependencies: ["RegoVM"]),
        .target(
            name: "PolicyBundle",
            dependencies: [
                "Compression", "Cryptography", "Platform", "RegoVM", "RegoCompiler",
                .product(name: "Yams", package: "Yams"),
            ]),

        // The decision.
        .target(
            name: "Inspection",
            dependencies: ["COpenSSL", "CText", "Authorization", "Cryptography", "RegoVM"]),
        .target(name: "AgentContext", dependencies: ["Authorization", "RegoVM"]),
        .target(
            name: "ThreatIntelligence",
            dependencies: ["CText", "Authorization", "Cryptography", "Inspection"]),
        .target(
            name: "PDP",
            dependencies: [
                "CText", "Authorization", "Cryptography", "Inspection", "ThreatIntelligence",
                "AgentContext", "RegoVM", "ExtAuthz",
            ]),
        .target(
            name: "TransparencyLog", dependencies: ["CText", "Compression", "Cryptography"]),
        .target(
            name: "DecisionLog",
            dependencies: [
                "CText", "CXXHash", "Compression", "Platform", "Authorization", "Cryptography",
                "TransparencyLog",
            ],
            exclude: ["Record/record.schema.json"]),
        .target(
            name: "LogReading", dependencies: ["Platform", "TransparencyLog", "RegoVM"]),

        // What policies reach of the network.
        .target(name: "HTTPClient", dependencies: ["CCurl", "Platform", "RegoVM"]),
        // Where checkpoints go beside the log.
        .target(
            name: "CheckpointSharing",
            dependencies: ["Platform", "TransparencyLog", "RegoVM"]),

        // The program.
        .target(
            name: "Server",
            dependencies: [
                "CLinux", "CText", "Platform", "Cryptography", "TLS", "HTTP2", "GRPC", "ExtAuthz",
                "Authorization",
                "PDP", "AgentContext", "Inspection", "ThreatIntelligence", "RegoVM", "DecisionLog",
                "TransparencyLog", "Telemetry",
            ]),
        .target(
            name: "Admin",
            dependencies: [
                "CLinux", "CMicrohttpd", "Platform", "Telemetry", "Cryptography", "Authorization",
                "RegoVM", "AgentContext",
            ],
            resources: [.embedInCode("openapi.json")]),
        .target(
            name: "Responders",
            dependencies: [
                "CLinux", "Platform", "Telemetry", "Authorization", "Cryptography", "RegoVM",
                "TransparencyLog", "DecisionLog",
            ]),
        .executableTarget(
            name: "portcullis",
            dependencies: [
                "Platform", "Telemetry", "Compression", "Authorization", "ExtAuthz", "RegoVM",
                "RegoCompiler", "PolicyBundle", "AgentContext", "Inspection", "ThreatIntelligence",
                "PDP", "TransparencyLog", "DecisionLog", "LogReading", "HTTPClient",
                "CheckpointSharing", "HTTP2", "TLS", "Server", "Admin", "Responders",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Benchmarks, and OPA's conformance cases.
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "bench",
            dependencies: [
                "AgentContext", "Authorization", "CAllocationCount", "Cryptography", "DecisionLog",
                "Inspection", "MemoryPlatform", "PDP", "Platform", "PolicyBundle", "RegoCompiler",
                "RegoVM", "Server", "ThreatIntelligence", "TransparencyLog",
            ]),
        .executableTarget(
            name: "conformance",
            dependencies: ["HTTPClient", "RegoCompiler", "RegoVM", "TestSupport"],
            path: "Tests/Conformance", exclude: ["known-issues.txt"]),

        // Tests: one suite a target, and what they share.
        .target(
            name: "TestSupport", dependencies: ["TransparencyLog"], path: "Tests/TestSupport"),
        .target(
            name: "MemoryPlatform", dependencies: ["Platform"], path: "Tests/MemoryPlatform"),
        .testTarget(name: "PlatformTests", dependencies: ["Platform", "MemoryPlatform"]),
        .target(name: "TLSClient", dependencies: ["COpenSSL"], path: "Tests/TLSClient"),
        .testTarget(name: "TLSTests", dependencies: ["TLS", "TLSClient", "COpenSSL"]),
        .target(name: "HTTP2Client", dependencies: ["CNghttp2"], path: "Tests/HTTP2Client"),
        .testTarget(name: "HTTP2Tests", dependencies: ["HTTP2", "HTTP2Client"]),
        .testTarget(name: "GRPCTests", dependencies: ["GRPC", "HTTP2", "HTTP2Client"]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "GRPC", "Platform", "CLinux", "HTTP2Client", "TLS", "TLSClient",
            ]),
        .testTarget(
            name: "ExtAuthzTests",
            dependencies: ["ExtAuthz", "Authorization", "CExtAuthz", "TestSupport"],
            exclude: ["Golden"]),
        .testTarget(
            name: "PDPTests",
            dependencies: [
                "PDP", "Authorization", "Cryptography", "ExtAuthz", "Inspection", "RegoCompiler",
                "RegoVM", "TestSupport", "ThreatIntelligence",
            ]),
        .testTarget(
            name: "InspectionTests",
            dependencies: ["Inspection", "Authorization", "Cryptography", "RegoVM", "TestSupport"]),
        .testTarget(
            name: "ThreatIntelligenceTests",
            dependencies: ["ThreatIntelligence", "Authorization", "Cryptography"]),
        .testTarget(
            name: "AgentContextTests",
            dependencies: ["AgentContext", "Authorization", "RegoVM"]),
        .testTarget(
            name: "AdminTests", dependencies: ["Admin", "AgentContext", "CLinux", "Telemetry"]),
        .testTarget(
            name: "RespondersTests",
            dependencies: [
                "Responders", "Authorization", "Cryptography", "DecisionLog", "MemoryPlatform",
                "Platform", "RegoVM", "Telemetry", "TransparencyLog",
            ]),
        .testTarget(
            name: "RuntimeTests",
            dependencies: [
                "Server", "PDP", "AgentContext", "Inspection", "PolicyBundle", "RegoCompiler",
                "RegoVM", "DecisionLog", "TransparencyLog", "Cryptography", "MemoryPlatform",
                "Platform", "Authorization", "Telemetry",
            ]),
        .testTarget(
            name: "TelemetryTests", dependencies: ["Telemetry", "MemoryPlatform", "Platform"]),
        .testTarget(
            name: "PolicyBundleTests",
            dependencies: ["PolicyBundle", "Compression", "CZlib", "RegoVM"]),
        .testTarget(
            name: "PortcullisTests",
            dependencies: [
                "portcullis", "Authorization", "DecisionLog", "ExtAuthz", "Inspection", "PDP",
                "Platform", "RegoCompiler", "RegoVM", "Server", "TestSupport",
                "ThreatIntelligence",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(name: "RegoVMTests", dependencies: ["RegoVM", "TestSupport"]),
        .testTarget(
            name: "RegoCompilerTests",
            dependencies: [
                "RegoCompiler", "RegoVM", "TestSupport", .product(name: "Yams", package: "Yams"),
            ]),
        .testTarget(
            name: "TransparencyLogTests",
            dependencies: ["TransparencyLog", "Cryptography", "TestSupport"]),
        .testTarget(
            name: "LogReadingTests",
            dependencies: ["LogReading", "TransparencyLog", "Cryptography", "TestSupport"]),
        .testTarget(
            name: "CheckpointSharingTests",
            dependencies: [
                "CheckpointSharing", "TransparencyLog", "Cryptography", "RegoVM", "TestSupport",
            ]),
        .executableTarget(
            name: "log-driver",
            dependencies: ["DecisionLog", "TransparencyLog", "Platform", "Cryptography"],
            path: "Tests/LogDriver"),
        .testTarget(
            name: "DecisionLogTests",
            dependencies: [
                "log-driver", "DecisionLog", "TransparencyLog", "MemoryPlatform", "Platform",
                "Cryptography", "Authorization", "TestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// Released programs do not check at run time that accesses to memory do not overlap: the checks
// cost one instruction in twenty of a check, and debug builds, which all tests run, have them.
//
// And they are laid out for checks: bench/checks.profdata says which ways through the program those
// take, as `make profile` counted them. Code that has changed since is compiled without it.
var released = ["-enforce-exclusivity=unchecked"]
#if compiler(>=6.3)
    let isCounting = Context.environment["PORTCULLIS_PROFILE"] == "count"
    let profile = Context.packageDirectory + "/bench/checks.profdata"
    released += ["-Xfrontend", isCounting ? "-ir-profile-generate" : "-ir-profile-use=\(profile)"]
#endif
for target in package.targets where ![.system, .plugin].contains(target.type) {
    target.swiftSettings = [.unsafeFlags(released, .when(configuration: .release))]
}
