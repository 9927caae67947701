// SPDX-License-Identifier: Apache-2.0

/// Self-signed certificates for tests, by what their subject alternative names are.
enum SampleCertificate {
    /// URI:spiffe://acme.example/a
    static let one = pem(
        """
        MIIBlzCCAT2gAwIBAgIUKbuq+fylmczySTCNGkfa22bH0MEwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDb25l\
        MCAXDTI2MTEyMjE2MjMwOVoYDzIxMjYxMDI5MTYyMzA5WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIB\
        BggqhkjOPQMBBwNCAATRSACkcfLZbF47m7+SxRIvXrkqPU9XmMJBid7OVUidnvWfaD0Hkls65wkqTyCIJTar\
        jbKkufuR43IZxK0stke0o3cwdTAdBgNVHQ4EFgQUgUsC13zm63/b9TFwHa+9BBJdvikwHwYDVR0jBBgwFoAU\
        gUsC13zm63/b9TFwHa+9BBJdvikwDwYDVR0TAQH/BAUwAwEB/zAiBgNVHREEGzAZhhdzcGlmZmU6Ly9hY21l\
        LmV4YW1wbGUvYTAKBggqhkjOPQQDAgNIADBFAiAVdRisEDh/zNyV2mZoNHbhdSZWKuqDRwRIpocrKOZKOgIh\
        AKji++HSMzBxZFIcprO1zVndtvDodab1aSvb6bF27OF+
        """)

    /// that, and URI:spiffe://acme.example/b
    static let two = pem(
        """
        MIIBsjCCAVigAwIBAgIUV3QUFvpPSexTjH8vRHZbR8O074YwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDdHdv\
        MCAXDTI2MTEyMjE2MjMwOVoYDzIxMjYxMDI5MTYyMzA5WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIB\
        BggqhkjOPQMBBwNCAAQCHZGGDuyVoWKdXMRwgdLqecRU003AFBZln8UPH4SBkvmfySNJw+g1SR6EIEHvVXIY\
        Rhrv8boURdKJIhj5pI27o4GRMIGOMB0GA1UdDgQWBBRj6zxqsUHRP4HMQMeaBKGL5isJ7zAfBgNVHSMEGDAW\
        gBRj6zxqsUHRP4HMQMeaBKGL5isJ7zAPBgNVHRMBAf8EBTADAQH/MDsGA1UdEQQ0MDKGF3NwaWZmZTovL2Fj\
        bWUuZXhhbXBsZS9hhhdzcGlmZmU6Ly9hY21lLmV4YW1wbGUvYjAKBggqhkjOPQQDAgNIADBFAiAYQ8LfCnzc\
        gEvWyzh/VUf1kHuRau7w6QULgIKTOolHWAIhAK0I3fdpcfRioTeGHzexbFVDS6IYSEC5d8Z+0lMmszm4
        """)

    /// DNS:agent.acme.example
    static let dns = pem(
        """
        MIIBkjCCATigAwIBAgIUX0HqNw6tuQkd+D7P3BXffdlJkBEwCgYIKoZIzj0EAwIwDjEMMAoGA1UEAwwDZG5z\
        MCAXDTI2MTEyMjE2MjMwOVoYDzIxMjYxMDI5MTYyMzA5WjAOMQwwCgYDVQQDDANkbnMwWTATBgcqhkjOPQIB\
        BggqhkjOPQMBBwNCAARBbsjldvTA33QrWbqfnYuH0P7pvnR7OUp9cSKzPCO4z7LksdwQ9wUg5g+U0+vMce3A\
        KTR5TRNjn0wgJHZAXFtdo3IwcDAdBgNVHQ4EFgQUqpdmq686SlFWPzgvMlcdyoK941AwHwYDVR0jBBgwFoAU\
        qpdmq686SlFWPzgvMlcdyoK941AwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJhZ2VudC5hY21lLmV4\
        YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIhAN3AjvcHbVlAhPyj7bnntFokKwiHAAVvcNQd2IEY4QkjAiALFOO6\
        4Q6UZ2PydVCjfFFdQOOUCkZ4tB8U9tjU4EONWg==
        """)

    /// a DNS name, then URI:spiffe://acme.example/a
    static let mixed = pem(
        """
        MIIBqTCCAU6gAwIBAgIUVl6C2Y6qYQXTjreABKa5xdrAdBEwCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFbWl4\
        ZWQwIBcNMjYxMTIyMTYyMzA5WhgPMjEyNjEwMjkxNjIzMDlaMBAxDjAMBgNVBAMMBW1peGVkMFkwEwYHKoZI\
        zj0CAQYIKoZIzj0DAQcDQgAEXaesOJRVcD3CkRJaRyTNC/Tv8cBrnpTn8z1tWN0pL+pHk1UEcvFJsaJfUZF+\
        3q1dWLTNEnee8hl2Imrn2ccuuqOBgzCBgDAdBgNVHQ4EFgQUR7mGtQ8Pe1nLj4Y5AE0PT1+0zKwwHwYDVR0j\
        BBgwFoAUR7mGtQ8Pe1nLj4Y5AE0PT1+0zKwwDwYDVR0TAQH/BAUwAwEB/zAtBgNVHREEJjAkggl4LmV4YW1w\
        bGWGF3NwaWZmZTovL2FjbWUuZXhhbXBsZS9hMAoGCCqGSM49BAMCA0kAMEYCIQDE8qKzsyd6dkhAmfDFjucK\
        9oTprrpsrfN+oKG087US+QIhALKEKOlSse7fo+cp65KB76exS/QLkaMAz+wOUrIk8Nxo
        """)

    /// no names at all
    static let none = pem(
        """
        MIIBczCCARqgAwIBAgITcjK0wu2NDduFWgWDuz2ja7GSDjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARub25l\
        MCAXDTI2MTEyMjE2MjMwOVoYDzIxMjYxMDI5MTYyMzA5WjAPMQ0wCwYDVQQDDARub25lMFkwEwYHKoZIzj0C\
        AQYIKoZIzj0DAQcDQgAEozgGOLuLCudFmiG7QHy71Zv+KRhAHPTGPAkhx5zMzKvc/3Ton/ePb2M8tjIKbchg\
        OwtMp4g7rIItkhO6xw2NhqNTMFEwHQYDVR0OBBYEFNZ6npQZdswdR1pgtPO/v7/Higo2MB8GA1UdIwQYMBaA\
        FNZ6npQZdswdR1pgtPO/v7/Higo2MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgdWqv95na\
        M0RK7IyYYNWU0fRi4A60TjbXeVp/im3zCf4CIAluIy7cKFz20hdikoZ9oBjd6OZIqW+sVGWJt9Z+d+oZ
        """)

    /// As Envoy sends it: the PEM text, percent-encoded.
    private static func pem(_ base64: String) -> String {
        var text = "-----BEGIN%20CERTIFICATE-----%0A"
        var rest = Substring(base64)
        while !rest.isEmpty {
            text += rest.prefix(64) + "%0A"
            rest = rest.dropFirst(64)
        }
        text += "-----END%20CERTIFICATE-----%0A"
        return text.replacing("+", with: "%2B").replacing("/", with: "%2F")
            .replacing("=", with: "%3D")
    }
}
