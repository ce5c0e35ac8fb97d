"""Routes carried out: the health of deployments kept together with other workers, and the loop."""
