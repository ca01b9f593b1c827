//! relabel.
