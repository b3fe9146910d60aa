"""contentshop: articles and buying lists whose product cards sell, from our own stock or through other shops.

The floor plan (imports go down only; checked by import-linter)::

    cli                          commands
    demo                         the demo content's loader
    worker                       the process that does what was put off
    app                          builds the site
    reactions | wiring           who reacts to which event | which engine stands behind which port
    web                          pages
    config                       settings
    engines                      the bundle of ports
    search                       watches the house
    affiliate | curation | live  live from posts and orders
    posts | orders               the two hearts; they do not know each other
    products                     things, offers, stock
    media
    accounts
    migrations
    core                         database, outbox, clock, money, text, errors
"""

__version__ = "0.1.0"
