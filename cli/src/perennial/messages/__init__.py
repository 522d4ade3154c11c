"""Messages on a pipeline's topics, as a person or a program is shown them."""
