"""The layout of a banner: texts measured, sizes tabled, places solved."""
