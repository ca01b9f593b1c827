//! remote_write.
