"""What trainer and predictor share of a model: its features, its runtime, its proof."""
