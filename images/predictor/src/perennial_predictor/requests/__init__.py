"""Requests of `POST /predict`: messages in a body, answered as the stream would."""
