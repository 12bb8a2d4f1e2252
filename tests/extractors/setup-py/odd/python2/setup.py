from distutils.core import setup
print "old"
setup(name="old")
