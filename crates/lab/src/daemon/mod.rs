//! What runs in the background: `lab daemon`, started by `lab up` in a session of its own.
//!
//! This module is the process around a [`stack::Stack`]: session, log, signals, control socket. The stack itself is a
//! value that can be started many times in one process.

mod alerting;
mod board;
mod console;
mod control;
mod exposition;
pub mod http;
mod log;
mod logs;
mod metrics;
mod own;
mod promtail;
mod services;
mod sink;
pub mod stack;
mod traces;
mod wiring;

use crate::fingerprint;
use crate::host::Context;
use crate::place::Place;
use crate::state::Options;
use anyhow::{Context as _, Result};
use stack::{Setup, Stack};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Runs until it is told to stop by a signal or over the control socket.
///
/// # Errors
/// When a listener cannot be bound, a store cannot be opened or the configuration is wrong.
pub fn run(context: &Context, place: Place, options: Options) -> Result<ExitCode> {
    // Fails when the process leads a session already, which is just as good.
    let _ = rustix::process::setsid();
    log::install(&place, context.clock.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(serve(context, place, options));
    // A query that still computes must not hold up the end of the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    done.map(|()| ExitCode::SUCCESS)
}

async fn serve(context: &Context, place: Place, options: Options) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let setup = Setup {
        fingerprint: fingerprint::take(&place, &context.program, !options.only_stack),
        program: context.program.clone(),
        clock: context.clock.clone(),
        place,
        options,
    };
    let control = control::listen(&setup.place)?;
    let stack = Stack::start(setup).await.inspect_err(|error| tracing::error!("start failed: {error:#}"))?;
    let mut requests = control::serve(control, stack.handle());
    let answer = loop {
        tokio::select! {
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            _ = hangup.recv() => {
                if let Err(error) = stack.handle().reload().await {
                    tracing::error!("reload failed, the old configuration stays: {error:#}");
                }
            }
            shutdown = requests.shutdown() => break Some(shutdown),
        }
    };
    tracing::info!("stopping");
    stack.stop().await.context("the stack did not stop cleanly")?;
    if let Some(answer) = answer {
        answer.done().await;
    }
    requests.close();
    Ok(())
}
