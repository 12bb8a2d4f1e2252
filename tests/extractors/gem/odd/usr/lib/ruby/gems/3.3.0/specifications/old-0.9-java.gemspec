# -*- encoding: utf-8 -*-

Gem::Specification.new do |s|
  s.name = %q{old}
  s.version = "0.9"
  s.platform = Gem::Platform.new(["universal".freeze, "java".freeze, nil])
  s.authors = [%q{Some One}]
  s.license = 'GPL'
  s.description = %q{Text of
  several lines}
  s.summary = %q{Short "words"}

  if s.respond_to? :specification_version then
    current_version = Gem::Specification::CURRENT_SPECIFICATION_VERSION
    s.specification_version = 3

    if Gem::Version.new(Gem::VERSION) >= Gem::Version.new('1.2.0') then
      s.add_runtime_dependency(%q<builder>, [">= 2.0"])
      s.add_development_dependency(%q<rspec>, [">= 0"])
    else
      s.add_dependency(%q<builder>, [">= 2.0"])
      s.add_dependency(%q<rspec>, [">= 0"])
    end
  else
    s.add_dependency(%q<builder>, [">= 2.0"])
    s.add_dependency(%q<rspec>, [">= 0"])
  end
end
