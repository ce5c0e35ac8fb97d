"""Reading English without understanding it: words, senses, facts and central sentences."""
