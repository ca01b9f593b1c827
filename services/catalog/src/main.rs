//! The catalog service. Start reading at [`catalog::app`].

use std::process::ExitCode;

use anyhow::Context;
use catalog::{app, config::Config};
use telemetry::{Telemetry, command, serve};

fn main() -> ExitCode {
    command::run(
        app::SERVICE.name,
        "what the shop sells",
        std::env::args().skip(1),
        || Ok(Config::from_env()?.listen),
        run,
    )
}

#[tokio::main]
async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    // The signals first: one that comes during the start must not be lost.
    let stop = serve::stop_signal(config.supervised).context("cannot wait for signals")?;
    let listener = serve::listen(config.listen).await?;
    let telemetry = Telemetry::start(app::SERVICE, config.telemetry)?;
    telemetry.install()?;
    serve::serve(listener, app::app(&telemetry), telemetry, stop).await.context("the server failed")
}
