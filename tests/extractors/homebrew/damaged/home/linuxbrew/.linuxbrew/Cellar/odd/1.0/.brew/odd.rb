class Odd < Formula
  license any_of: ["MIT", Foo.bar]
  desc "Odd"
end
