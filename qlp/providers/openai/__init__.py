"""The wire of chat completions, as OpenAI defined it and many servers speak it."""
