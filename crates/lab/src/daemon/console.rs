//! The web console on :3000, from grafana's provisioning and dashboards.

use super::services::Services;
use super::wiring::Wiring;
use crate::endpoints::{self, CONSOLE};
use anyhow::Result;
use console::control::{Action, ControlFuture};
use console::{ConsoleState, Control, ControlError, Provisioned, ServiceState, router};
use std::sync::Arc;
use supervise::State;

pub async fn start(wiring: &Wiring, services: Option<Arc<Services>>) -> Result<()> {
    let listener = wiring.bind(CONSOLE).await?;
    let grafana = wiring.setup.place.root.join("grafana");
    let environment = wiring.compose.services.get("grafana").map(|service| service.environment.clone());
    let provisioned = Provisioned::load(&grafana, &environment.unwrap_or_default(), |path| {
        wiring.host_path("grafana", path).ok()
    })?;
    let names = wiring.names.clone();
    let state = ConsoleState {
        provisioned: Arc::new(provisioned),
        client: wiring.client.clone(),
        resolve: Arc::new(move |url| names.resolve_url(url)),
        control: services.map(|services| Arc::new(ServiceControl(services)) as Arc<dyn Control>),
        allowed_hosts: Arc::new([]),
    };
    wiring.serve(CONSOLE, listener, router(state));
    Ok(())
}

/// What the console may do with the services.
struct ServiceControl(Arc<Services>);

impl Control for ServiceControl {
    fn services(&self) -> ControlFuture<'_, Vec<ServiceState>> {
        Box::pin(async move {
            let running = self.0.list().await;
            let state = |name| running.iter().find(|(running, _)| *running == name).map(|(_, status)| status);
            let of = |endpoint: &endpoints::Endpoint| {
                let status = state(endpoint.name);
                let identity = status.and_then(supervise::Status::identity);
                let text = match status.map(|status| &status.state) {
                    Some(State::Running(_)) => "running",
                    Some(State::BackingOff(_)) => "backing off",
                    Some(State::Stopped) | None => "stopped",
                };
                ServiceState {
                    name: endpoint.name.to_owned(),
                    state: text.to_owned(),
                    pid: identity.and_then(|identity| u32::try_from(identity.pid).ok()),
                    restarts: status.map_or(0, |status| u64::from(status.restarts)),
                    url: format!("http://{}:{}", endpoint.host, endpoint.port),
                }
            };
            Ok(endpoints::SERVICES.iter().map(|endpoint| of(endpoint)).collect())
        })
    }

    fn act<'a>(&'a self, service: &'a str, action: Action) -> ControlFuture<'a, ()> {
        Box::pin(async move {
            if endpoints::service(service).is_err() {
                let mut known: Vec<_> = endpoints::SERVICES.iter().map(|endpoint| endpoint.name).collect();
                known.sort_unstable();
                let expected = known.join(", ");
                return Err(ControlError::UnknownService { found: service.to_owned(), expected });
            }
            let services = &self.0;
            let done = match action {
                Action::Start => services.start(service).await,
                Action::Stop => services.stop(service).await,
                Action::Kill => services.kill(service).await,
                Action::Restart => match services.stop(service).await {
                    Ok(()) => services.start(service).await,
                    error => error,
                },
            };
            done.map_err(|error| ControlError::Refused(format!("{error:#}")))
        })
    }
}
