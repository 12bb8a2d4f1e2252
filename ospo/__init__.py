"""What is in an image or a stack, under which licences, who signed it, and is it alive."""

__version__ = "0.1.0"
