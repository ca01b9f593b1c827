//! What can be wrong with rules before they run.

/// A rule that cannot be evaluated; nothing of the files it came with was taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: group {group:?}, rule {rule:?}: {message}")]
pub struct RuleError {
    pub file: String,
    /// From 1.
    pub line: u32,
    pub group: String,
    pub rule: String,
    /// What was found and what was expected, with the place within the expression or template.
    pub message: String,
}
