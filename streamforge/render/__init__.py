"""From a scene to verified bytes: fonts, text measuring, painting, encoding, verification."""
