"""What a bill asks: its minimum, and how it takes over what earlier bills left."""
