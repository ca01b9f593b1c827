//! The same parts as in the daemon: store, scraper, engine, API.

use api::prometheus::{PrometheusApi, StatusInfo, router};
use collect::scrape::{ScrapeContext, Scraper};
use model::Clock;
use model::clock::Nanos;
use promql::Engine;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;
use tsdb::{Options, Store};

/// The machine's clock, because the peer has it too.
struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "the peer runs by the machine's clock")]
    fn now_nanos(&self) -> Nanos {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970");
        i64::try_from(since.as_nanos()).expect("a time before 2262")
    }
}

pub struct Ours {
    pub url: String,
    scraper: Arc<Scraper>,
}

/// A server that scrapes nothing and waits for remote writes. Gives its URL.
pub async fn receiver() -> String {
    let store = Arc::new(Store::in_memory(Options::default()));
    serve(PrometheusApi::new(store, Engine::default(), Arc::new(WallClock), StatusInfo::default())).await
}

async fn serve(api: PrometheusApi) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router(api)).await });
    url
}

impl Ours {
    pub async fn start(target: &str) -> Self {
        let store = Arc::new(Store::in_memory(Options::default()));
        let clock = Arc::new(WallClock);
        let context = ScrapeContext {
            store: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            resolve: Arc::new(str::to_owned),
            base: ".".into(),
            seed: 0,
        };
        let scraper = Scraper::new(context, CancellationToken::new()).expect("a scraper");
        let config = stackconf::prometheus::parse("prometheus.yml", &super::peer::config(target));
        scraper.apply(&config.expect("the configuration is read").config);
        let mut api = PrometheusApi::new(store, Engine::default(), clock, StatusInfo::default());
        api.scraper = Some(Arc::clone(&scraper));
        let url = serve(api).await;
        Self { url, scraper }
    }

    pub async fn stop(&self) {
        self.scraper.stop().await;
    }
}
