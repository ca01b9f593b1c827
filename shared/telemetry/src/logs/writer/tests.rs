use std::sync::mpsc;

use super::*;

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Blocks in its first write until told to go on.
struct Stuck(mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_keep_their_order_and_flush_waits_for_them() {
    let memory = Memory::default();
    let writer = LineWriter::to(memory.clone());
    for line in 0..1_000 {
        writer.push(format!("{line}\n").as_bytes());
    }
    writer.flush();
    let expected: String = (0..1_000).map(|line| format!("{line}\n")).collect();
    assert_eq!(String::from_utf8(memory.0.lock().unwrap().clone()).unwrap(), expected);
    assert_eq!(writer.dropped(), 0);
}

#[test]
fn a_reader_that_hangs_costs_lines_but_no_time_and_no_memory() {
    let (go_on, wait) = mpsc::channel();
    let writer = LineWriter::to(Stuck(wait));
    let line = vec![b'x'; 1024];
    let started = Instant::now();
    for _ in 0..10_000 {
        writer.push(&line);
    }
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    let dropped = writer.dropped();
    // Ten thousand lines of 1 KiB; one buffer may be in the writer's hands, one waits.
    assert!((10_000 - 2 * 4_096..10_000).contains(&dropped), "{dropped}");
    drop(go_on);
}

#[test]
fn a_closed_output_counts_its_lines() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let writer = LineWriter::to(Closed);
    writer.push(b"one\ntwo\n");
    writer.flush();
    assert_eq!(writer.dropped(), 2);
}
