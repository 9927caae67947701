# SPDX-License-Identifier: Apache-2.0
"""The official clients of the protocols that agents speak, and an upstream that answers them."""
