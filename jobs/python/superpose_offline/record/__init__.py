"""Records of trainings that are kept with the project: how fast, and how well by method."""
