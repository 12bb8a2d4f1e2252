package = "Named"
version = "1.0-1"
source = { url = "git+https://user:secret@git.example.org/named.git" }
description = { license = [[MIT]], issues_url = "https://example.org/issues" }
dependencies = { "Lua >= 5.1", ["say"] = "say ~> 1.4", "team/rock >= 1" }
