//! Reads the configuration folders into plain structs; names and ports.
