# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: Inside and outside
# description: A host is inside when it is one of data.destinations.internal or lies under one.
package lib.destinations

inside(host) if {
	some domain in data.destinations.internal
	host == domain
}

inside(host) if {
	some domain in data.destinations.internal
	endswith(host, concat("", [".", domain]))
}

listed(host) if host in data.destinations.outside
