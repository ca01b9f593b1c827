//! What comes from outside the program: environment variables, the wall clock, the program's own path.
//!
//! This is the only module of the command that reads them; everything else is handed a [`Context`].

use anyhow::{Context as _, Result};
use model::Clock;
use model::clock::Nanos;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_nanos(&self) -> Nanos {
        #[expect(clippy::disallowed_methods, reason = "the one place where the command reads the clock")]
        let now = SystemTime::now();
        now.duration_since(UNIX_EPOCH)
            .map_or(0, |since| Nanos::try_from(since.as_nanos()).unwrap_or(Nanos::MAX))
    }
}

/// What a subcommand knows of its surroundings.
#[derive(Clone)]
pub struct Context {
    pub clock: Arc<dyn Clock>,
    env: BTreeMap<String, String>,
    /// The working directory when the command began.
    pub folder: PathBuf,
    /// The running program; the services lie beside it.
    pub program: PathBuf,
}

impl Context {
    /// # Errors
    /// When the working directory or the program's own path cannot be found out.
    pub fn from_process() -> Result<Self> {
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Ok(Self {
            clock: Arc::new(SystemClock),
            env,
            folder: std::env::current_dir().context("cannot find out the working directory")?,
            program: std::env::current_exe().context("cannot find out the path of the program")?,
        })
    }

    /// The value of a variable; one that is set to nothing counts as not set.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}
