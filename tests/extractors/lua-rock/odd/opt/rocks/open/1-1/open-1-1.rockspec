description = { license = "MIT" }
source = { url = "https://example.org/open