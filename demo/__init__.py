# SPDX-License-Identifier: Apache-2.0
"""The demo: a mesh of real programs on this machine, and an agent that lives a short story in it."""
