"""Wire formats, bytes to typed structures and back. No I/O, and no word of the canonical model."""
