"""A project whose setup.py pins what it needs."""

import setuptools

setuptools.setup(
    name="Example_Tool",
    version="1.2." "3",
    license="Apache-2.0",
    packages=setuptools.find_packages(),
    install_requires=[
        "requests==2.31.0",
        "urllib3>=1.26,<3",
        "importlib-metadata==6.8.0; python_version < '3.10'",
        "internal-thing @ git+https://user:secret@example.org/thing.git@0123abc",
        "pinned" + "==1.0",
    ],
    extras_require={
        "socks": ["PySocks[extra] == 1.7.1"],
        ":sys_platform == 'win32'": ("colorama===0.4.6",),
        "requests": ["requests==2.31.0"],
    },
)
