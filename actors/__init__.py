"""Ray shells around the core: the durable run worker, the sandbox gateway, and the client that both faces use."""
