"""How the page is served: who may ask what, how often, from where, and where its files lie. Nothing here knows of media."""
