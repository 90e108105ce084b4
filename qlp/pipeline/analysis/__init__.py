"""Understanding of a request without a model: a tokeniser, word lists as data, and one small parser per question."""
