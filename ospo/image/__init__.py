"""The image engine: blobs to layer facts, layer facts to components. Pure: bytes come in, values go out."""
