"""Ray shells around the core: the durable run worker, the sandbox manager, and the clients that all faces use."""
