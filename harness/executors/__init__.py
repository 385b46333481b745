"""Engines that run chunks of a plan: this machine, Slurm, Dask."""
