"""Small asyncio tools: a batcher, cancellation for certain, a rate-limited log."""
