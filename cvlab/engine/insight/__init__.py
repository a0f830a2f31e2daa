"""Looking inside a trained net: hooks in, arrays out."""
