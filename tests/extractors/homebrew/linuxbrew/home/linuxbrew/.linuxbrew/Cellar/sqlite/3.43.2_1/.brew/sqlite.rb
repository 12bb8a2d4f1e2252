class Sqlite < Formula
  desc "Command-line interface for \"SQLite\""
  homepage "https://sqlite.org/index.html"
  url "https://sqlite.org/2023/sqlite-autoconf-3430200.tar.gz"
  version "3.43.2"
  license "blessing"
  revision 1

  bottle do
    sha256 cellar: :any, x86_64_linux: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  end

  depends_on "pkg-config" => :build
  depends_on "readline"
end
