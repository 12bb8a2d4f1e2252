Gem::Specification.new do |s|
  s.name = 'literal'.freeze
  s.version = "1.2.3"
  s.author = "Someone"
  s.licenses = %w[Ruby BSD-2-Clause]
  s.summary = "Text " + more
end
