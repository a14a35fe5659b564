"""The live feed, over real sockets."""
