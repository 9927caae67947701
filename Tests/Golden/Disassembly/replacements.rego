package t

p := f(input.x) if input.y

q := v if {
	v := p with input.x as 1 with f as g
	count([v]) == 1 with count as 1
}

f(x) := x + 1

g(x) := x * 2
