"""Looking through Rego for what an interpreter lets pass although it can never do what was meant.

Rego fails open: a function nobody knows, a misspelt field and an unknown variable are undefined,
and a ``deny`` with an undefined condition denies nothing. So all of these are errors here.
"""
