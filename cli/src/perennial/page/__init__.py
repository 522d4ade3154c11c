"""Page on one pipeline: its data, its picture and its HTML."""
