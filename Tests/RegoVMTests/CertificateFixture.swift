// SPDX-License-Identifier: Apache-2.0

/// Certificates and keys that exist for tests alone.
enum CertificateFixture {
    /// An authority that signed itself.
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIByjCCAW+gAwIBAgIUBU6Pd9vS8sCqTIuBWjKSz3CKT0UwCgYIKoZIzj0EAwIw
        MTELMAkGA1UEBhMCREUxEDAOBgNVBAoMB0V4YW1wbGUxEDAOBgNVBAMMB1Rlc3Qg
        Q0EwIBcNMjYxMTIyMTM0NDUxWhgPMjEyNjEwMjkxMzQ0NTFaMDExCzAJBgNVBAYT
        AkRFMRAwDgYDVQQKDAdFeGFtcGxlMRAwDgYDVQQDDAdUZXN0IENBMFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAEINVrprBixZDIY2nX2kbdjNst+/vdbX0bSAA1S2rx
        r7849DckqdB/E05N7W0iXnS059Mxuo5ZfglIWjEnKXxaJqNjMGEwHQYDVR0OBBYE
        FP2Zj1mM5kuY2sVe7rQdb+AFF4sbMB8GA1UdIwQYMBaAFP2Zj1mM5kuY2sVe7rQd
        b+AFF4sbMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49
        BAMCA0kAMEYCIQDDogmSULiHhf7V2b5Wty56dLYXeo9/Et9Nb7Tp3ZqysgIhALOf
        2BJzz2KWXH5g/ybg27ejIy3D4/Ft24glVVxaRp8r
        -----END CERTIFICATE-----

        """
    /// Signed by `authority`: for clients only, with names of every kind. Serial number 4660.
    static let leaf = """
        -----BEGIN CERTIFICATE-----
        MIICLjCCAdSgAwIBAgICEjQwCgYIKoZIzj0EAwIwMTELMAkGA1UEBhMCREUxEDAO
        BgNVBAoMB0V4YW1wbGUxEDAOBgNVBAMMB1Rlc3QgQ0EwIBcNMjYxMTIyMTM0NDUx
        WhgPMjEyNjEwMjkxMzQ0NTFaMDkxEDAOBgNVBAoMB0V4YW1wbGUxCjAIBgNVBAsM
        AUExCjAIBgNVBAsMAUIxDTALBgNVBAMMBGxlYWYwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAATDLAZtuaBscHh3VNfwZXClCBdBAAYdtDxdDZT/TWhaPpoPzliTjozP
        bfibOaW/zbX2l6D+hbYc9c30EAFBOusHo4HRMIHOMF8GA1UdEQRYMFaCEGxlYWYu
        ZXhhbXBsZS5jb22CEioud2lsZC5leGFtcGxlLmNvbYYZc3BpZmZlOi8vZXhhbXBs
        ZS5jb20vbGVhZocECgAAAYENYUBleGFtcGxlLmNvbTATBgNVHSUEDDAKBggrBgEF
        BQcDAjALBgNVHQ8EBAMCB4AwCQYDVR0TBAIwADAdBgNVHQ4EFgQUbmcINeW+Y6jJ
        CVAhgSlv7kh0VxYwHwYDVR0jBBgwFoAU/ZmPWYzmS5jaxV7utB1v4AUXixswCgYI
        KoZIzj0EAwIDSAAwRQIgJAwJrrjhSZ6k71Cg6MUx4IcSjdyE+bxsEHRhHOPnwF0C
        IQDZdnKhIOw5rJZ8X8vDoYwXgFHZAfWCwgaS6/3j1pHl3w==
        -----END CERTIFICATE-----

        """
    static let request = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIIBUzCB+QIBADA5MRAwDgYDVQQKDAdFeGFtcGxlMQowCAYDVQQLDAFBMQowCAYD
        VQQLDAFCMQ0wCwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
        wywGbbmgbHB4d1TX8GVwpQgXQQAGHbQ8XQ2U/01oWj6aD85Yk46Mz234mzmlv821
        9peg/oW2HPXN9BABQTrrB6BeMFwGCSqGSIb3DQEJDjFPME0wSwYDVR0RBEQwQoIQ
        bGVhZi5leGFtcGxlLmNvbYYZc3BpZmZlOi8vZXhhbXBsZS5jb20vbGVhZocECgAA
        AYENYUBleGFtcGxlLmNvbTAKBggqhkjOPQQDAgNJADBGAiEAs9N8WOrDTUtA/2qN
        KnUef/aqobsmCX3/W2ZrGEwH9tQCIQD1YCevs+416qWdwwkU+F4TfKvd9dGYgdo6
        JCmyMm6U7A==
        -----END CERTIFICATE REQUEST-----

        """
    /// The key of `leaf` and `request`, P-256.
    static let leafKey = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIBIi3GRufNoBYx5cMgcHt1PKqYiI51wRWHDEt1BRQkJHoAoGCCqGSM49
        AwEHoUQDQgAEwywGbbmgbHB4d1TX8GVwpQgXQQAGHbQ8XQ2U/01oWj6aD85Yk46M
        z234mzmlv8219peg/oW2HPXN9BABQTrrBw==
        -----END EC PRIVATE KEY-----

        """
    static let edwardsKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIMSzKIY/LBmWeMsJ1X6dWskGwTFwHBRuGEQArKNgnAbi
        -----END PRIVATE KEY-----

        """
}
