"""How fast the operations of every day are, beside a bare view over the same database.

`make bench` fills a database (`SIZE=100k`, `SIZE=1m`), starts the server that deployments run and a second one
that holds nothing but a 20-row table behind a sign-in, called R, and measures the operations in turn with R.
Milliseconds depend on the machine; ratios to R are what counts.
"""
