"""What a draft of product numbers would do to every open line, computed and never applied."""
