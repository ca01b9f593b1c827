//! Where things lie: the repository, its `.lab` folder and what is in it.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// The format of everything below `.lab`. Raised when an older folder can no longer be read.
pub const FORMAT: u32 = 1;

/// The file by which the repository's root is known.
const MARK: &str = "docker-compose.yml";

/// The longest path a Unix socket may have on every system the lab runs on (macOS: 104 bytes with the final zero).
const MAX_SOCKET_PATH: usize = 100;

/// A repository and its `.lab` folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub root: PathBuf,
    pub lab: PathBuf,
}

impl Place {
    /// The repository that `folder` lies in. `lab` overrides where the stack keeps its state.
    ///
    /// # Errors
    /// When neither `folder` nor one above it holds docker-compose.yml.
    pub fn find(folder: &Path, lab: Option<&str>) -> Result<Self> {
        let Some(root) = folder.ancestors().find(|folder| folder.join(MARK).is_file()) else {
            bail!("no {MARK} in {} or above\n  hint: run this inside the repository", folder.display());
        };
        let root = root.to_path_buf();
        Ok(Self { lab: lab.map_or_else(|| root.join(".lab"), |lab| folder.join(lab)), root })
    }

    /// Makes the `.lab` folder, or checks the format of the one that is there.
    ///
    /// # Errors
    /// When the folder was written by another version of the lab, or cannot be made.
    pub fn open(&self) -> Result<()> {
        std::fs::create_dir_all(&self.lab).with_context(|| format!("cannot make {}", self.lab.display()))?;
        let file = self.lab.join("format");
        let found = match std::fs::read_to_string(&file) {
            Ok(text) => text.trim().to_owned(),
            // A folder that never held a stack: tools/stack.sh writes its choice there first.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.state_file().exists() => {
                return std::fs::write(&file, format!("{FORMAT}\n"))
                    .with_context(|| format!("cannot write {}", file.display()));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => "none".to_owned(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        if found != FORMAT.to_string() {
            bail!(
                "{} has format {found}, this lab writes format {FORMAT}\n  hint: `make clean` removes the folder and the data in it",
                self.lab.display()
            );
        }
        Ok(())
    }

    pub fn state_file(&self) -> PathBuf {
        self.lab.join("state.json")
    }

    pub fn lock_file(&self) -> PathBuf {
        self.lab.join("lock")
    }

    /// The log of the daemon itself.
    pub fn daemon_log(&self) -> PathBuf {
        self.lab.join("logs/lab.log")
    }

    /// The log of one service.
    pub fn service_log(&self, service: &str) -> PathBuf {
        self.lab.join("logs").join(format!("{service}.log"))
    }

    /// What the engines keep.
    pub fn data(&self, part: &str) -> PathBuf {
        self.lab.join("data").join(part)
    }

    /// The control socket: in `.lab`, or in the folder for temporary files when the path would be too long for a socket.
    pub fn socket(&self) -> PathBuf {
        let path = self.lab.join("control.sock");
        if path.as_os_str().len() <= MAX_SOCKET_PATH {
            return path;
        }
        let name = crate::fingerprint::hash(path.as_os_str().as_encoded_bytes());
        std::env::temp_dir().join(format!("lab-{name}.sock"))
    }
}

#[cfg(test)]
mod tests;
