"""Figures made of the register: what was kept, what was not, and what another rule would have made of it."""
