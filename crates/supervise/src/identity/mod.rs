//! Who a process is: its number and when it started, and how to end one that is no child of ours.

#[cfg(not(target_os = "linux"))]
use rustix::process::test_kill_process;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fmt;
use std::time::Duration;

/// How often a process that was asked to stop is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A process, told apart from every later one that gets the same number.
///
/// Written and read as `PID START`; the second part is opaque (clock ticks since boot on Linux, a date elsewhere).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub pid: i32,
    pub start: String,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.start)
    }
}

impl Identity {
    /// The identity of the process that has the number `pid` now; `None` when there is none, or only a zombie.
    pub fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self { pid, start: start_time(pid)? })
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (pid, start) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok().filter(|pid| *pid > 1)?, start: start.to_owned() })
    }

    /// Whether this very process still runs. A zombie does not run.
    pub fn is_alive(&self) -> bool {
        start_time(self.pid).as_deref() == Some(self.start.as_str())
    }

    /// Ends this very process at once, without asking it.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends a signal to this very process and to its group, when it leads one.
    ///
    /// Between the look and the signal lies an instant in which the number could change hands; the numbers are given
    /// out in turn, so this does not happen in practice.
    fn signal(&self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) else { return };
        // A process that leads no group gives an error for the first call and gets the second.
        let _ = kill_process_group(pid, signal);
        let _ = kill_process(pid, signal);
    }
}

/// Ends processes that are no children of the caller: asks (SIGTERM), waits up to `grace`, then kills.
///
/// Returns those that were alive. Ends within `grace` plus a second.
pub async fn reap(processes: &[Identity], grace: Duration) -> Vec<Identity> {
    let alive: Vec<Identity> = processes.iter().filter(|process| process.is_alive()).cloned().collect();
    for process in &alive {
        process.signal(Signal::TERM);
    }
    if !gone_within(&alive, grace).await {
        for process in &alive {
            process.signal(Signal::KILL);
        }
        gone_within(&alive, Duration::from_secs(1)).await;
    }
    alive
}

async fn gone_within(processes: &[Identity], limit: Duration) -> bool {
    let gone = async {
        while processes.iter().any(Identity::is_alive) {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(limit, gone).await.is_ok()
}

/// Sends `signal` to the whole group that `pid` leads. An empty group is no error.
pub(crate) fn signal_group(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, signal);
    }
}

/// When a process started: field 22 of its stat file, in clock ticks since boot. Source: proc(5).
#[cfg(target_os = "linux")]
fn start_time(pid: i32) -> Option<String> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// When a process started, as `ps` prints it; empty for a zombie.
#[cfg(not(target_os = "linux"))]
fn start_time(pid: i32) -> Option<String> {
    test_kill_process(Pid::from_raw(pid)?).ok()?;
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (state, start) = text.split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| start.split_whitespace().collect::<Vec<_>>().join("_"))
}

/// The start time of a stat file. The second field is the program's name in brackets and may hold anything, so the
/// fields are counted from the last bracket.
#[cfg(target_os = "linux")]
fn parse_stat(stat: &str) -> Option<String> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
    let state = fields.next()?;
    // Z is a zombie and X is dead: both have ended.
    (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(test)]
mod tests;
