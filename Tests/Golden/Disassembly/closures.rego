package t

names := [u.name | some u in input.users; u.age >= 18]

lengths := {name: count(name) | some name in names}

adults if every u in input.users { u.age + 1 > 18; not u.banned }

by_team[team][user] := true if {
	some team, users in data.teams
	some user in users
}

greeting := $"hello {input.name}"
