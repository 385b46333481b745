"""The paper's crop figure: one region of an image, by the degraded image, restorers, reference."""
