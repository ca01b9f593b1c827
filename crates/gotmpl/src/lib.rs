//! Go text templates, as far as annotations, receivers and line formats use them.
