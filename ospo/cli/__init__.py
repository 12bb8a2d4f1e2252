"""The command line: one file per command; heavy packages are imported inside the command that needs them."""
