"""Events of what stands between a run and the world: verdicts, and what people are asked."""
