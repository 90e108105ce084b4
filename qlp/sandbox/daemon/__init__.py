"""sandboxd: the only process of a cluster that opens the container engine's socket."""
