"""Where goods go and what that costs: addresses, postcodes, zones, ways of shipping, taxes. Knows no orders."""
