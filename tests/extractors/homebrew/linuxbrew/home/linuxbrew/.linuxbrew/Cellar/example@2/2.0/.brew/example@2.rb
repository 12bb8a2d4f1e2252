class ExampleAT2 < Formula
  desc "Formula with a license of every kind"
  homepage "https://example.org"
  license all_of: [
    "MIT", # of the program
    { any_of: ["Artistic-2.0", "GPL-2.0-only" => { with: "Classpath-exception-2.0" }] },
    :public_domain,
  ]
end
