"""Studies made of runs, votes taken into them, and what is done with votes."""
