require_relative "lib/tool/version"

Gem::Specification.new do |spec|
  spec.name        = "tool"
  spec.version     = Tool::VERSION
  spec.authors     = ["Someone", "Someone Else"]
  spec.summary     = %q{not read}
  spec.description = "A #{tool}"
  spec.license     = "MIT"
  spec.homepage    = "https://user:password@tool.example" # a comment
  spec.metadata["source_code_uri"] = spec.homepage
  spec.add_dependency "rack", ">= 2", "< 4"
  spec.add_runtime_dependency('zeitwerk', '~> 2.6')
  spec.add_dependency name_of_something
  spec.add_development_dependency "rspec"
end
