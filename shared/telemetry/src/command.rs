//! The command line of a service: serve, or ask a running one for its health.

use std::{
    fmt::Display,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use crate::names::path;

/// How long a health check may take, each for connecting, asking and reading.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// Exit status for a command line that is not understood.
const USAGE: u8 = 2;

/// Runs the command that `arguments` ask for. `listen` reads the address from the configuration, `serve` serves.
/// Exit status: 0, 1 for failures, 2 for usage.
pub fn run<E: Display>(
    name: &str,
    about: &str,
    mut arguments: impl Iterator<Item = String>,
    listen: impl FnOnce() -> Result<SocketAddr, E>,
    serve: impl FnOnce() -> Result<(), E>,
) -> ExitCode {
    let first = arguments.next();
    if let (Some(_), Some(extra)) = (&first, arguments.next()) {
        return usage(name, &extra);
    }
    let result = match first.as_deref() {
        None | Some("serve") => serve(),
        Some("healthcheck") => {
            return match listen()
                .map_err(|error| format!("{error:#}"))
                .and_then(|address| healthcheck(address).map_err(|error| error.to_string()))
            {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => failed(&error),
            };
        }
        Some("help" | "--help" | "-h") => {
            println!(
                "{name}: {about}\n\nUsage: {name} [serve]       serve until SIGTERM or SIGINT\n       \
                 {name} healthcheck   exit 0 if the service on LISTEN_ADDR takes requests\n       {name} --version"
            );
            Ok(())
        }
        Some("--version" | "-V") => {
            println!("{name} {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Some(unknown) => return usage(name, unknown),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The alternate form of anyhow's errors shows the causes.
        Err(error) => failed(&format!("{error:#}")),
    }
}

fn failed(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

fn usage(name: &str, unknown: &str) -> ExitCode {
    eprintln!("error: unknown argument {unknown:?}\nhint: {name} --help");
    ExitCode::from(USAGE)
}

/// Asks the service that listens on `address` of this machine whether it is ready. Works in images without a shell.
///
/// # Errors
/// No connection, no answer in time, or an answer other than 200.
pub fn healthcheck(address: SocketAddr) -> io::Result<()> {
    // A service that listens everywhere is asked on loopback.
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let address = SocketAddr::new(ip, address.port());
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)
        .map_err(|error| io::Error::new(error.kind(), format!("nothing answers on {address}: {error}")))?;
    stream.set_read_timeout(Some(HEALTH_TIMEOUT))?;
    stream.set_write_timeout(Some(HEALTH_TIMEOUT))?;
    write!(stream, "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n", path::READYZ)?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    if head.starts_with(b"HTTP/1.1 200") {
        return Ok(());
    }
    Err(io::Error::other(format!("{address} answers {:?}, not HTTP/1.1 200", String::from_utf8_lossy(&head))))
}
