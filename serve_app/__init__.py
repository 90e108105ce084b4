"""The HTTP API: a FastAPI application, and the Ray Serve deployment that carries it."""
