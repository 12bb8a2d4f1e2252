# -*- encoding: utf-8 -*-
# stub: bigdecimal 3.1.5 ruby lib

Gem::Specification.new do |s|
  s.name = "bigdecimal".freeze
  s.version = "3.1.5".freeze

  s.licenses = ["Ruby".freeze, "BSD-2-Clause".freeze]
  s.metadata = { "changelog_uri" => "https://example.org/c", "funding_uri" => "https://example.org/f", "homepage_uri" => "https://user:secret@example.org/" } if s.respond_to? :metadata=
  s.authors = ["Kenta \u{1F600} Murata".freeze, "Zack\xC3\xA9 \u00E9 \"x\" \#{y}".freeze]
end
