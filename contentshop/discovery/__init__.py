"""Finding without knowing what: what people search for, what belongs together, what is read now, what one follows."""
