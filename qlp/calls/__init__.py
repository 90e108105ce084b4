"""What surrounds a model call: limits shared by the cluster, fallbacks, hedging, the response cache, batches.

Each is a provider around a provider; `layers.CallLayers` puts them together. From inside out, for one model: the
provider, `RateLimited`, the budget's guard, `BreakerShared`; for a tier: `FallbackChain` over its models, then
`CachedResponses`. See docs/model-calls.md.
"""
