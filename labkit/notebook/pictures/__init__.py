"""Pictures of structures, drawn as SVG and told again in text.

Each function takes images and containers of the engine, or views of them (`views`), and returns a
`Picture`. The same input gives the same bytes on every machine.
"""
