"""virtpos (VirtualPOS): customers, discount cards, orders."""
