from setuptools import setup

NAME = "not-read"
setup(name=NAME, install_requires="attrs==23.1.0\nsix", **{"license": "MIT"})
