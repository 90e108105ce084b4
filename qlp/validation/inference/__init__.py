"""Commands as a person would guess them from a project's files, one file a toolchain.

Each has `commands(paths, files)`: the paths of all files, and path -> text of those that are UTF-8. What is not certain
is left out: a command that fails because it was guessed wrongly would be a false alarm.
"""
