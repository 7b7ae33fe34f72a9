"""Pure market logic: values in, decisions out."""
