"""What every door shares: the app, who may come in, how a refusal looks, the live feed and the look of pages."""
