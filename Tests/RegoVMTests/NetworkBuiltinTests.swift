// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct NetworkBuiltinTests {
    @Test(arguments: [
        BuiltinCase("net.cidr_contains", [#""10.0.0.0/8""#, #""10.1.0.0/24""#], "true"),
        .init("net.cidr_contains", [#""10.0.0.0/8""#, #""10.1.2.3""#], "true"),
        .init("net.cidr_contains", [#""10.0.0.0/8""#, #""::ffff:10.1.2.3""#], "true"),
        .init("net.cidr_contains", [#""172.17.0.0/24""#, #""172.17.0.0/16""#], "false"),
        .init("net.cidr_contains", [#""2001:4860::8888/32""#, #""2001:4860::1/128""#], "true"),
        .init("net.cidr_contains", [#""::/0""#, #""10.0.0.1""#], "false"),
        .init(
            "net.cidr_contains", [#""192.168.1.0/28""#, #""010.0.0.1""#],
            "eval_builtin_error: not a valid textual representation of an IP address or CIDR: "
                + "010.0.0.1"
        ),
        .init(
            "net.cidr_contains", [#""192.168.1.0""#, #""10.0.0.1""#],
            "eval_builtin_error: invalid CIDR address: 192.168.1.0"),
        .init("net.cidr_intersects", [#""192.168.1.0/25""#, #""192.168.1.64/25""#], "true"),
        .init("net.cidr_intersects", [#""192.168.1.0/25""#, #""192.168.1.128/25""#], "false"),
        .init("net.cidr_is_valid", [#""2002::1234:abcd:ffff:c0a8:101/64""#], "true"),
        .init("net.cidr_is_valid", [#""1::2::3/64""#], "false"),
        .init("net.cidr_is_valid", [#""1:2:3:4:5:6:7:8:9/64""#], "false"),
        .init("net.cidr_is_valid", [#""10.0.0.0/33""#], "false"),
        .init("net.cidr_is_valid", ["1"], "false"),
        .init("net.cidr_is_valid", [#""::/0""#], "true"),
        .init("net.cidr_is_valid", [#""1::/0128""#], "true"),
        .init("net.cidr_is_valid", [#""1:2:3:4:5:6:7::/64""#], "true"),
        .init("net.cidr_is_valid", [#""1:2:3:4:5:6:1.2.3.4/64""#], "true"),
        .init("net.cidr_is_valid", [#""::1:2:3:4:5:6:1.2.3.4/64""#], "false"),
        .init("net.cidr_is_valid", [#""1:2:3:4:5:6:7:1.2.3.4/64""#], "false"),
        .init("net.cidr_is_valid", [#""1::2:/64""#], "false"),
        .init("net.cidr_is_valid", [#"":1::2/64""#], "false"),
        .init("net.cidr_is_valid", [#""12345::/64""#], "false"),
        .init("net.cidr_is_valid", [#""1.2.3/8""#], "false"),
        .init("net.cidr_is_valid", [#""1.2.3.4.5/8""#], "false"),
        .init("net.cidr_is_valid", [#""1.2.3.256/8""#], "false"),
        .init("net.cidr_is_valid", [#""1.2.3.4/""#], "false"),
        .init("net.cidr_merge", [#"["2001:db8:0:0:1:0:0:1/128"]"#], #"["2001:db8::1:0:0:1/128"]"#),
        .init(
            "net.cidr_contains_matches",
            [#"[["1.1.2.0/24", 1], "1.1.1.0/24"]"#, #"["1.1.1.1", "1.1.2.1"]"#], "[[0,1],[1,0]]"),
        .init(
            "net.cidr_contains_matches",
            [#"{"k1": "1.1.1.1/24", "k2": ["1.1.1.2/24", 1]}"#, #""1.1.1.128""#],
            #"[["k1","1.1.1.128"],["k2","1.1.1.128"]]"#),
        .init(
            "net.cidr_contains_matches", [#"["1.1.2.0/24"]"#, #"["1.1.1.1", 1]"#],
            "eval_builtin_error: operand 2: element must be string or non-empty array"),
        .init(
            "net.cidr_expand", [#""172.16.100.255/30""#],
            #"["172.16.100.252","172.16.100.253","172.16.100.254","172.16.100.255"]"#),
        .init(
            "net.cidr_expand", [#""2001:db8::fffe/127""#], #"["2001:db8::fffe","2001:db8::ffff"]"#),
        .init(
            "net.cidr_expand", [#""10.0.0.0/0""#],
            "eval_limit_error: network 10.0.0.0/0 has too many addresses"),
        .init(
            "net.cidr_merge", [#"["192.0.128.0/24", "192.0.129.0/24", "192.0.130.0/24"]"#],
            #"["192.0.128.0/23","192.0.130.0/24"]"#),
        .init(
            "net.cidr_merge", [#"["2601:600::e7b3/64", "2601:600::e7b3/128"]"#],
            #"["2601:600::/64"]"#),
        .init(
            "net.cidr_merge", [#"["::1"]"#], "eval_builtin_error: IPv6 invalid: needs prefix length"
        ),
        .init("net.cidr_merge", [#"set:["10.1.2.3"]"#], #"["10.1.2.3/8"]"#),
        .init("net.cidr_merge", [#"["::/1", "8000::/1"]"#], #"["::/0"]"#),
        .init("net.lookup_ip_addr", [#""127.0.0.1""#], #"["127.0.0.1"]"#),
    ])
    func works(_ builtin: BuiltinCase) { builtin.check() }
}
