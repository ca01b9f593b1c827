//! What the operating system says about the process. CPU and memory are read on Linux only.

use std::time::SystemTime;

use prometheus::Registry;

use super::{Kind, Observed};
use crate::{
    clock::since_epoch,
    names::{label, metric},
};

/// Clock ticks in a second: `USER_HZ`, 100 on every Linux architecture that Rust supports.
const TICKS_PER_SECOND: f64 = 100.0;
/// Bytes in a kB of `/proc/self/status`.
const BYTES_PER_KB: f64 = 1_024.0;

pub(super) fn register(
    registry: &Registry,
    service: &str,
    start: SystemTime,
) -> Result<(), prometheus::Error> {
    let labels = [label::SERVICE];
    let started = since_epoch(start).as_secs_f64();
    let all = [
        Observed::new(
            Kind::Gauge,
            metric::PROCESS_START_TIME_SECONDS,
            "When the process started, in Unix seconds.",
            &labels,
        )?
        .series(&[service], move || Some(started)),
        Observed::new(
            Kind::Counter,
            metric::PROCESS_CPU_SECONDS_TOTAL,
            "User and system CPU time spent, in seconds.",
            &labels,
        )?
        .series(&[service], || cpu_seconds(&std::fs::read_to_string("/proc/self/stat").ok()?)),
        Observed::new(
            Kind::Gauge,
            metric::PROCESS_RESIDENT_MEMORY_BYTES,
            "Resident memory, in bytes.",
            &labels,
        )?
        .series(&[service], || resident_bytes(&std::fs::read_to_string("/proc/self/status").ok()?)),
    ];
    all.into_iter().try_for_each(|observed| registry.register(Box::new(observed)))
}

/// Fields 14 and 15 of proc(5) `stat`; the name in field 2 may hold blanks, so counting starts behind it.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kilobytes * BYTES_PER_KB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_proc_texts() {
        let stat = "42 (a b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("nonsense"), None);
        assert_eq!(resident_bytes("VmPeak: 9 kB\nVmRSS:\t  2 kB\n"), Some(2048.0));
        assert_eq!(resident_bytes(""), None);
    }
}
