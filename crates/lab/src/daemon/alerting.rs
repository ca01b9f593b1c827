//! Alertmanager on :9093, from alertmanager.yml.

use super::wiring::Wiring;
use crate::endpoints::ALERTMANAGER;
use alerts::{Alertmanager, Config, Options};
use anyhow::Result;
use api::alertmanager::{AlertmanagerApi, router};
use stackconf::alertmanager;
use std::sync::Arc;

pub async fn start(wiring: &Wiring) -> Result<()> {
    let listener = wiring.bind(ALERTMANAGER).await?;
    let file = wiring.config_file("alertmanager")?;
    let loaded = alertmanager::load(&file)?;
    wiring.warn(&loaded.warnings);
    let names = wiring.names.clone();
    let manager = Alertmanager::start(
        Config::from(&loaded),
        Options {
            data_dir: wiring.data("alertmanager")?,
            external_url: wiring.setup.column().shown(ALERTMANAGER),
            clock: wiring.setup.clock.clone(),
            client: wiring.client.clone(),
            resolve: Arc::new(move |url| names.resolve_url(url)),
        },
    )?;
    let reloaded = manager.clone();
    let reload = Arc::new(move || {
        let loaded = alertmanager::load(&file).map_err(|error| error.to_string())?;
        reloaded.reload(Config::from(&loaded));
        Ok(())
    });
    wiring.on_reload(ALERTMANAGER.name, reload.clone());
    let stopped = manager.clone();
    let token = wiring.token.clone();
    wiring.own(tokio::spawn(async move {
        token.cancelled().await;
        stopped.stop().await;
    }));
    let console_url = Some(wiring.console_page("/alerting"));
    wiring.serve(
        ALERTMANAGER,
        listener,
        router(AlertmanagerApi { alertmanager: manager, reload, console_url }),
    );
    Ok(())
}
