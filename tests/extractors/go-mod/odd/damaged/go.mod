module example.com/damaged
go 1.22
require (
	example.com/a
	example.com/b v1.0.0
	/ v1.0.0
replace example.com/a =>
requir example.com/c v1.0.0
)
