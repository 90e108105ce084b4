"""Small programs that run in the sandbox beside a project while it is validated."""
