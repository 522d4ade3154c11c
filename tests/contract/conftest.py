from hypothesis import settings

# The machine's load is no property of the code
settings.register_profile("perennial", deadline=None)
settings.load_profile("perennial")
