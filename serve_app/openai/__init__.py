"""The OpenAI facade: what its shapes are, and who answers a model's name."""
