"""Other names of commands, as the plans call them: each calls what it stands for."""
