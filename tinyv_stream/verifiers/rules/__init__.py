"""Rule verification of mathematical answers."""
