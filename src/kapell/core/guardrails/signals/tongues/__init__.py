"""Words and patterns of many languages by which signals are told: data, in the letters of each."""
