"""What an example file may say: how it is read and changed, its limits and shapes, mistakes in one sentence."""
