s.name = "unclosed
s.name = ÿ"x"
 s.licenses = [ "a", 