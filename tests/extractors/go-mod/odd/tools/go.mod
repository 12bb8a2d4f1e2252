// Deprecated: use v2
module "example.com/group/app/v2" // the module

go 1.24.0

toolchain go1.24.3

godebug default=go1.21

tool (
	golang.org/x/tools/cmd/stringer
	example.com/group/app/v2/cmd/own
)

require (
	example.com/replaced v1.0.0
	example.com/forked/v3 v3.1.0 // indirect; kept by hand
	example.com/forked/v3/sub v0.0.0-20240102030405-0123456789ab // not indirect
	example.com/old v2.0.0+incompatible // indirect
	golang.org/x/tools v0.30.0 // indirect
	`example.com/quoted` v1.0.0
)

require example.com/windows v1.0.0

exclude example.com/old v1.9.0

replace (
	example.com/replaced => ../replaced
	example.com/forked/v3 v3.1.0 => example.org/fork/v3 v3.1.1
	example.com/forked/v3 => example.org/never/v3 v3.0.0
)

replace example.com/windows v1.0.0 => C:\src\windows

replace example.com/unused v1.0.0 => example.com/other v1.0.0

retract [v2.0.0, v2.1.0] // broken

ignore ./node_modules
