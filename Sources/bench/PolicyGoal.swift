// SPDX-License-Identifier: Apache-2.0

/// What a figure of the engine's table must reach.
struct PolicyGoal {
    enum Bound {
        case atMost(Double)
        case atLeast(Double)
        case below(Double)
    }

    let name: String
    let figure: Double
    let bound: Bound

    /// Microseconds per decision of regorus 0.13 with the same policies, on a 2-core machine.
    private enum Regorus {
        static let envoyRBAC = 38.0
        static let dataRBAC = 106.0
    }

    /// Allocations of a thousand decisions that round to none: what starting a thread or growing
    /// the arena once takes.
    private static let allocations = 0.005

    var isMet: Bool {
        switch bound {
        case .atMost(let limit): figure <= limit
        case .atLeast(let limit): figure >= limit
        case .below(let limit): figure < limit
        }
    }

    var line: String {
        let (sign, limit) =
            switch bound {
            case .atMost(let limit): ("<=", limit)
            case .atLeast(let limit): (">=", limit)
            case .below(let limit): ("< ", limit)
            }
        return name.padded(52) + figure.text(3, 11) + "  " + sign + limit.text(3, 9)
            + (isMet ? "  met" : "  MISSED")
    }

    /// - Parameter measured: figures by the policy's name; a policy without figures meets nothing.
    static func all(_ measured: [String: PolicyBenchmark.Figures]) -> [PolicyGoal] {
        func decision(_ name: String) -> Double { measured[name]?.decision ?? .infinity }
        let ten = decision("10 equality rules")
        let tenPrefixes = decision("10 startswith rules")
        var goals = [
            PolicyGoal(
                name: "allow always, us", figure: decision("allow always"), bound: .below(1)),
            PolicyGoal(
                name: "Envoy RBAC, us: 1/4 of regorus", figure: decision("Envoy RBAC"),
                bound: .atMost(Regorus.envoyRBAC / 4)),
            PolicyGoal(
                name: "RBAC over 3.4 MB of data, us: 1/5 of regorus",
                figure: decision("RBAC over data"), bound: .atMost(Regorus.dataRBAC / 5)),
        ]
        for count in ["1000", "10000"] {
            goals.append(
                PolicyGoal(
                    name: "\(count) equality rules, us: 1.5 times 10 rules",
                    figure: decision("\(count) equality rules"), bound: .atMost(1.5 * ten)))
        }
        goals.append(
            PolicyGoal(
                name: "10000 startswith rules, us: 2 times 10 rules",
                figure: decision("10000 startswith rules"), bound: .atMost(2 * tenPrefixes)))
        for (name, figures) in measured.sorted(by: { $0.key < $1.key }) {
            if name.hasPrefix("10000 ") {
                goals.append(
                    PolicyGoal(
                        name: "\(name), ms to load and compile", figure: figures.load,
                        bound: .below(300)))
            }
            goals.append(
                PolicyGoal(
                    name: "\(name), heap allocations", figure: figures.allocations,
                    bound: .atMost(allocations)))
            goals.append(
                PolicyGoal(
                    name: "\(name), 2 threads against 1", figure: figures.scaling,
                    bound: .atLeast(1.9)))
        }
        return goals
    }
}
