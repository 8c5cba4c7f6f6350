"""Small asyncio tools: a batcher, reliable cancellation, a rate-limited log."""
