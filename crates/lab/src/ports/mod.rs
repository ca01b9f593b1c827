//! Whether the ports are free, and who holds the ones that are not.

use crate::endpoints::{ALL, Endpoint, SERVICES, loopback};
use anyhow::{Result, bail};
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::time::Duration;

/// The offsets that `PORT_OFFSET=auto` tries. All ports stay below 32768, where Linux begins to give ports to outgoing
/// connections.
const AUTO_STEP: u16 = 13;
const AUTO_FIRST: u16 = 1_000;
const AUTO_TRIES: u32 = 200;

/// The ports that a stack needs.
pub fn needed(only_stack: bool) -> impl Iterator<Item = &'static Endpoint> {
    ALL.iter().copied().filter(move |endpoint| !only_stack || !SERVICES.contains(endpoint))
}

/// Checks that every port can be bound.
///
/// # Errors
/// Names each taken port, its part and, where that can be found out, its holder.
pub fn check(only_stack: bool, offset: u16) -> Result<()> {
    let mut taken = Vec::new();
    for endpoint in needed(only_stack) {
        if !is_free(endpoint, offset) {
            let port = endpoint.loopback_port() + offset;
            let who = holder(port).map_or_else(|| "another program".to_owned(), |who| who.to_string());
            taken.push(format!("port {port} ({}) is taken by {who}", endpoint.name));
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    bail!("{}\n  hint: stop the holder, or shift all ports with PORT_OFFSET=100", taken.join("\n       "))
}

/// How long to wait for other stacks that are choosing their ports; a start takes about a second.
const TURN: Duration = Duration::from_secs(30);

/// Stacks that look for free ports at the same moment would find the same ones: they take turns, from the look until
/// everything is bound. Without the lock (another user's file, a read-only folder) there is only the race left.
pub async fn turn() -> Option<File> {
    let path = std::env::temp_dir().join("lab-ports.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).ok()?;
    let taken = async {
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TURN, taken).await.ok()?;
    Some(file)
}

/// The first offset with which every port is free.
///
/// # Errors
/// When there is none, which means that the machine has hardly a free port.
pub fn free_offset(only_stack: bool) -> Result<u16> {
    // Starting at a number of the process's own keeps stacks that start at the same instant apart.
    let start = std::process::id() % AUTO_TRIES;
    let tries = (0..AUTO_TRIES).map(|step| AUTO_FIRST + AUTO_STEP * (((start + step) % AUTO_TRIES) as u16));
    for offset in tries {
        if needed(only_stack).all(|endpoint| is_free(endpoint, offset)) {
            return Ok(offset);
        }
    }
    bail!("no offset found with which all ports are free")
}

fn is_free(endpoint: &Endpoint, offset: u16) -> bool {
    TcpListener::bind(loopback(endpoint, offset)).is_ok()
}

/// A process that listens on a port.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: i32,
    pub command: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (pid {})", self.command, self.pid)
    }
}

/// Who listens on a port: through the inode of the socket, which a process shows among its open files. Processes of
/// other users show nothing without root.
#[cfg(target_os = "linux")]
pub fn holder(port: u16) -> Option<Holder> {
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let inodes: Vec<String> = tables.iter().flat_map(|table| listening_inodes(table, port)).collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(files) = std::fs::read_dir(entry.path().join("fd")) else { continue };
        let holds = files.flatten().any(|file| {
            std::fs::read_link(file.path())
                .is_ok_and(|link| links.iter().any(|own| link.as_os_str() == own.as_str()))
        });
        if holds {
            let command = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            return Some(Holder { pid, command: command.trim().to_owned() });
        }
    }
    None
}

/// The inodes of the sockets that listen on `port`, from a table of the kernel. Source: proc_net_tcp in the kernel's
/// documentation: local address in field 2, state in field 4 (0A = listening), inode in field 10.
#[cfg(target_os = "linux")]
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let end = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&end) && *fields.get(3)? == "0A";
            listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
        })
        .collect()
}

/// Who listens on a port, as `lsof` says.
#[cfg(not(target_os = "linux"))]
pub fn holder(port: u16) -> Option<Holder> {
    let output = std::process::Command::new("lsof")
        .args(["-nP", "-Fpc", "-sTCP:LISTEN", &format!("-iTCP:{port}")])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let field = |letter| text.lines().find_map(|line| line.strip_prefix(letter)).map(str::to_owned);
    Some(Holder { pid: field('p')?.parse().ok()?, command: field('c')? })
}

#[cfg(test)]
mod tests;
