"""Output formats: one file each, `render(result, …) -> bytes`."""
