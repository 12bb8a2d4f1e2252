Gem::Specification.new do |s|
  s.name = "open".freeze
  s.version = "1
  s.add_dependency "plain", ">= 1"
end
