"""Chart writers: curves and SVG pages as PNG."""
