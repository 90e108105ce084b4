from importlib.resources import files


def support(*names: str) -> dict[str, bytes]:
    """Package data of qlp/validation/support, keyed by the path that it gets in the workspace."""
    room = files("qlp.validation.support")
    return {f".qlp/{name}": room.joinpath(name).read_bytes() for name in names}
