"""The demo: a page that runs in the browser, and what a server adds to it. `python app.py` starts it.

site is the page, engine the network in the browser; digits, learning and training are what it shows of
MNIST, tables and figures what it shows of the results, changes what it does to a pattern, static and
theme how it looks. The server: page is all that it serves, api its endpoints, networks what these ask;
gate, uploads, refusals and memory are what it takes from strangers and how it stays small.
"""
