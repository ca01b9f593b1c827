//! A log file of bounded size: when it is full it becomes `NAME.1` and a new one begins.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What a process printed, kept for `lab logs`. On disk are at most twice `limit` bytes.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    limit: u64,
}

impl LogFile {
    /// Opens `path` to append; its folder is made when missing.
    ///
    /// # Errors
    /// When the folder cannot be made or the file cannot be opened.
    pub fn open(path: impl Into<PathBuf>, limit: u64) -> io::Result<Self> {
        let path = path.into();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size, limit })
    }

    /// Writes one line and its end in a single call, so that a reader never sees half a line of a live process.
    ///
    /// # Errors
    /// When the disk is full or the file cannot be replaced; the line is lost then.
    pub fn write_line(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64 + 1;
        if self.size > 0 && self.size + length > self.limit {
            std::fs::rename(&self.path, Self::previous(&self.path))?;
            *self = Self::open(&self.path, self.limit)?;
        }
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        self.file.write_all(&bytes)?;
        self.size += length;
        Ok(())
    }

    /// Where the lines before the last change of files are.
    pub fn previous(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".1");
        name.into()
    }
}

#[cfg(test)]
mod tests;
