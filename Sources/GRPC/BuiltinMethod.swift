// SPDX-License-Identifier: Apache-2.0

/// The methods that this target serves itself. Raw values lie below those of other methods.
public enum BuiltinMethod: Int32, CaseIterable, Sendable {
    case healthCheck = -2
    case healthWatch = -3
    case reflection = -4
    case reflectionAlpha = -5

    var path: String {
        switch self {
        case .healthCheck: "/grpc.health.v1.Health/Check"
        case .healthWatch: "/grpc.health.v1.Health/Watch"
        case .reflection: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
        case .reflectionAlpha: "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        }
    }

    /// Messages are answered as they come, not when the request has ended.
    var isClientStreaming: Bool {
        switch self {
        case .healthCheck, .healthWatch: false
        case .reflection, .reflectionAlpha: true
        }
    }
}
