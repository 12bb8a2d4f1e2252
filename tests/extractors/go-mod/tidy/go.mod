module example.com/shop

go 1.26.8

require (
	github.com/spf13/cobra v1.8.0
	golang.org/x/text v0.14.0
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/spf13/pflag v1.0.5 // indirect
)
