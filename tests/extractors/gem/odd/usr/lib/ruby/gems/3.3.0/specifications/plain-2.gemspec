Gem::Specification.new do |s|
  s.name = "plain"
  s.version = "2"
  s.add_dependency "needed", ">= 1"
end
