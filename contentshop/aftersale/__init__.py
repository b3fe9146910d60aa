"""After the sale: refunds, returns, exchanges and price protection, asked by buyers and answered by staff."""
