# SPDX-License-Identifier: Apache-2.0
# METADATA
# title: How sensitive is what a request touches
# description: |
#   Reads the catalogue (policies/catalogue/data.yaml). What is most specific counts: the longest
#   listed path, else the tool, else the route, else the host. Patterns can raise that. What is
#   listed nowhere is as sensitive as data.catalogue.unknown says. A look-up costs the same for ten
#   entries and for ten thousand; only patterns are tried one by one.
package lib.classification

# The class of this request.
class := of(resource, tool, around)

# False when the catalogue says nothing about it.
default listed := false

listed if count(found(resource, tool, around)) > 0

# What the request does: the catalogue knows tools better than the request shows.
effect := data.catalogue.tools[tool].effect

effect := input.action.effect if not data.catalogue.tools[tool].effect

# Documents that the prompt brings in, each with its `sensitivity`.
documents := [object.union(document, {"sensitivity": sensitivity}) |
	some document in input.prompt.documents
	sensitivity := of(named(document), object.get(document, "tool", ""), [])
]

# The tool that is called; empty for all other requests.
default tool := ""

tool := input.action.tool

# What is touched: the argument that the catalogue names, else the path or URI.
resource := argued

resource := object.get(input.action, "resource", "") if not argued

argued := input.action.arguments[data.catalogue.tools[tool].resource]

# Classes of what the request goes through, the least specific first.
around := array.concat(
	[entry.classification | entry := data.catalogue.hosts[input.action.destination.host]],
	[entry.classification | entry := data.catalogue.routes[route]],
)

route := input.attributes.contextExtensions["portcullis.entrypoint"]

# The argument of a document's tool that names what was read, else its URI or file name.
named(document) := read_as(document)

named(document) := object.get(document, "reference", "") if not read_as(document)

read_as(document) := document.arguments[data.catalogue.tools[document.tool].resource]

# The class of something: `others` are classes that count when nothing says more, best last.
of(name, caller, others) := highest(raised(name) | last(found(name, caller, others)))

# A name that climbs could be any other.
found(name, _, _) := [] if contains(name, "..")

found(name, caller, others) := array.concat(others, array.concat(
	[entry.classification | entry := data.catalogue.tools[caller]],
	[entry.classification | some prefix in prefixes(name); entry := data.catalogue.paths[prefix]],
)) if {
	is_string(name)
	not contains(name, "..")
}

# What cannot be a name at all is found nowhere.
found(name, _, _) := [] if not is_string(name)

raised(name) := {entry.classification |
	some entry in data.catalogue.patterns
	glob.match(entry.glob, ["/"], normalised(name))
}

last(classes) := {class | class := classes[count(classes) - 1]}

# The highest of some classes; a word that is no class counts as the highest there is.
highest(classes) := data.catalogue.classes[max([rank(class) | some class in classes])] if {
	count(classes) > 0
}

highest(classes) := data.catalogue.unknown if count(classes) == 0

rank(class) := [index | some index, name in data.catalogue.classes; name == class][0]

rank(class) := count(data.catalogue.classes) - 1 if not class in data.catalogue.classes

# Path segments that are looked at: what lies deeper is as its folder.
depth := 16

prefixes(name) := [concat("/", array.slice(parts, 0, size)) |
	parts := split(normalised(name), "/")
	some size in numbers.range(1, min([count(parts), depth]))
]

# `/payroll/x`, `./Payroll/x` and `file:///payroll/x` are `payroll/x`.
normalised(name) := trim_left(lower(regex.replace(name, `^[A-Za-z][A-Za-z0-9+.-]*://`, "")), "./")
