"""The board: recorded runs and a running pool as pages, in a process of its own.

`index` and `ingest` keep an SQLite index beside the segments, `steps` the figures of a step, `queries` and `filters`
what pages ask, `labels` what people said; `pages`, `stream` and `server` are the HTTP side. Model output is hostile:
`text` is the only way of it into a page.
"""
