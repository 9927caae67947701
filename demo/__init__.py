# SPDX-License-Identifier: Apache-2.0
"""The demo: a mesh of real programs on this machine, and agents that live a story in it."""
