//! A service as a process of its own: for what depends on the environment, signals and standard streams.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Killed when dropped.
pub struct Process {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    /// `127.0.0.1:port`.
    pub address: String,
}

impl Process {
    /// Starts `binary` on a free port with exactly these variables, and waits until it listens.
    ///
    /// # Panics
    /// It does not listen within ten seconds.
    pub fn start(binary: &str, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary)
            .env_clear()
            .env("LISTEN_ADDR", "127.0.0.1:0")
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&lines);
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                collected.lock().unwrap().push(line);
            }
        });
        let mut process = Self { child, lines, address: String::new() };
        process.address = process.wait_for("listening")["address"].as_str().unwrap().to_owned();
        process
    }

    /// Runs `binary` to its end: exit status and standard error.
    ///
    /// # Panics
    /// It cannot be run.
    pub fn run(binary: &str, arguments: &[&str], env: &[(&str, &str)]) -> (ExitStatus, String) {
        let output = Command::new(binary)
            .env_clear()
            .envs(env.iter().copied())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }

    /// What the process has written to its log so far.
    pub fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits up to ten seconds for a log line with this `msg`.
    ///
    /// # Panics
    /// None came.
    pub fn wait_for(&self, msg: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| line["msg"] == msg) {
                return line;
            }
            assert!(Instant::now() < deadline, "no line {msg:?} in {:#?}", self.lines());
            thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes standard input, as a supervisor that dies does.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Asks the process to end (SIGTERM).
    ///
    /// # Panics
    /// There is no `kill` command.
    pub fn terminate(&self) {
        assert!(Command::new("kill").arg(self.id().to_string()).status().unwrap().success());
    }

    /// Waits for the end, up to `limit`.
    ///
    /// # Panics
    /// It did not end.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running after {limit:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a GET request and returns status and body.
    ///
    /// # Panics
    /// No answer.
    pub fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = std::net::TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
