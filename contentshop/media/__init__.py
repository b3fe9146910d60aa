"""Pictures: assets, their sizes, and the storage behind them."""
