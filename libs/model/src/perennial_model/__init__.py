"""Models as trainer and predictor share them: features, runtimes, tasks, bundles, golden rows."""
