//! `lab restart`: one service, or the whole stack with the options it has.

use super::{down, place};
use crate::control::{self, Request};
use crate::endpoints;
use crate::host::Context;
use crate::state::{Lock, State};
use anyhow::{Result, bail};
use std::process::ExitCode;

/// Restart one service, or everything
#[derive(clap::Args)]
pub struct Args {
    /// Default: the whole stack
    service: Option<String>,
}

pub async fn run(context: Context, args: Args) -> Result<ExitCode> {
    let place = place(&context)?;
    place.open()?;
    let Some(state) = State::load(&place).filter(|state| state.daemon().is_some()) else {
        bail!("nothing is running\n  hint: `make up` starts the lab");
    };
    if let Some(service) = &args.service {
        let service = endpoints::service(service)?.name.to_owned();
        let _lock = Lock::take(&place).await?;
        control::ask(&place, &Request::Restart { service: service.clone() }).await?;
        super::up::wait_ready(&place, None).await?;
        eprintln!("restarted {service}");
        return Ok(ExitCode::SUCCESS);
    }
    {
        let _lock = Lock::take(&place).await?;
        down::stop_all(&place).await?;
    }
    super::up::again(&context, &place, state.options).await
}
