//! Carrying out a plan: journeys begin when they are due, each in a task of its own.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{RequestBuilder, Url};
use serde_json::Value;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval_at, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Plan, Progress, Summary,
    journey::{self, Journey},
    recorder::{Outcome, Recorder, Step},
};

/// How long a user looks at a page before the next click, in milliseconds.
const THINK_MS: std::ops::Range<u64> = 20..200;
/// How long answers are waited for after the run was stopped.
const DRAIN: Duration = Duration::from_secs(3);
/// Longest answer that is read.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// Sends the load of `plan` until its phases end, its total is reached, or `cancel`. Reports progress every second.
pub async fn run(plan: Plan, mut on_progress: impl FnMut(Progress), cancel: CancellationToken) -> Summary {
    let started = Instant::now();
    let shop = Arc::new(Shop::new(&plan, started));
    let names: Vec<String> = plan.phases.names().map(str::to_owned).collect();
    let mut users = Users::new(&plan, Arc::clone(&shop));
    let mut report = interval_at((started + plan.report_every).into(), plan.report_every);
    report.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut phase = 0;
    let mut stopped = false;
    let mut arrivals = plan.phases.arrivals(Journey::average_requests(plan.catalog.is_some()));
    let mut next = arrivals.next();
    // How long the schedule stood still because all requests of the total were promised to journeys under way.
    let mut shift = Duration::ZERO;
    let mut held = false;
    loop {
        // What journeys that ended early left over comes back, so that a total is met exactly.
        let due = next.filter(|_| users.may_begin());
        if due.is_none() && users.tasks.is_empty() {
            break;
        }
        let mut moment = started + shift + due.map_or(Duration::ZERO, |(_, offset)| offset);
        if due.is_none() {
            held = true;
        } else if std::mem::take(&mut held) {
            let late = Instant::now().saturating_duration_since(moment);
            shift += late;
            moment += late;
        }
        tokio::select! {
            () = cancel.cancelled() => {
                stopped = true;
                break;
            }
            now = report.tick() => {
                on_progress(shop.recorder().progress(&names[phase], users.under_way(), now.into()));
            }
            () = sleep_until(moment.into()), if due.is_some() => {
                if let Some((at, _)) = due {
                    phase = at;
                }
                users.begin(phase, moment);
                next = arrivals.next();
            }
            Some(_) = users.tasks.join_next(), if !users.tasks.is_empty() => {}
        }
    }
    // Answers that are still to come belong to the account, but nobody waits for them for long.
    let _ = timeout(DRAIN, async { while users.tasks.join_next().await.is_some() {} }).await;
    let abandoned = users.tasks.len() as u64;
    users.tasks.shutdown().await;
    let mut recorder = shop.recorder();
    recorder.abandoned = abandoned;
    Summary::of(&recorder, started.elapsed().as_secs_f64(), stopped, names.iter().map(String::as_str))
}

/// Those who are under way.
struct Users {
    tasks: JoinSet<()>,
    places: Arc<Semaphore>,
    limit: usize,
    shop: Arc<Shop>,
    rng: StdRng,
    /// Requests that may still be promised to a journey.
    budget: Option<u64>,
}

impl Users {
    fn new(plan: &Plan, shop: Arc<Shop>) -> Self {
        Self {
            tasks: JoinSet::new(),
            places: Arc::new(Semaphore::new(plan.in_flight)),
            limit: plan.in_flight,
            shop,
            rng: StdRng::seed_from_u64(plan.seed),
            budget: plan.total,
        }
    }

    fn under_way(&self) -> usize {
        self.limit - self.places.available_permits()
    }

    fn may_begin(&mut self) -> bool {
        let Some(budget) = &mut self.budget else { return true };
        *budget += self.shop.unspent.swap(0, Ordering::Relaxed);
        *budget > 0
    }

    /// Begins the journey that was due at `moment`.
    fn begin(&mut self, phase: usize, moment: Instant) {
        let journey = Journey::draw(&mut self.rng, self.shop.catalog.is_some());
        let seed = self.rng.random();
        let allowed = match &mut self.budget {
            None => journey.requests(),
            Some(budget) => {
                let allowed = journey.requests().min(*budget);
                *budget -= allowed;
                allowed
            }
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            // To wait for a place would make the load follow the shop's pace.
            self.shop.recorder().dropped += allowed;
            return;
        };
        let user =
            User { shop: Arc::clone(&self.shop), rng: StdRng::seed_from_u64(seed), phase, left: allowed };
        self.tasks.spawn(async move {
            user.go(journey, moment).await;
            drop(place);
        });
    }
}

/// What all users share.
struct Shop {
    client: reqwest::Client,
    browse: Url,
    purchase: Url,
    catalog: Option<Url>,
    timeout: Duration,
    recorder: Mutex<Recorder>,
    /// Requests that ended journeys did not need.
    unspent: AtomicU64,
}

impl Shop {
    fn new(plan: &Plan, started: Instant) -> Self {
        let at = |path: &str| {
            let mut url = plan.gateway.clone();
            url.set_path(path);
            url
        };
        Self {
            client: plan.client.clone(),
            browse: at("/browse"),
            purchase: at("/purchase"),
            catalog: plan.catalog.clone(),
            timeout: plan.timeout,
            recorder: Mutex::new(Recorder::new(started, plan.phases.names().count())),
            unspent: AtomicU64::new(0),
        }
    }

    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One user on a journey.
struct User {
    shop: Arc<Shop>,
    rng: StdRng,
    phase: usize,
    /// Requests that this user may still send.
    left: u64,
}

impl User {
    /// A user whose first page fails gives up, and what was left of the journey is not sent.
    async fn go(mut self, journey: Journey, due: Instant) {
        match journey {
            Journey::Browse => drop(self.browse(due).await),
            Journey::InvalidPurchase => {
                let body = journey::invalid_order(&mut self.rng);
                let request = self.order().body(body);
                self.send(Step::InvalidPurchase, request, due).await;
            }
            Journey::Item => {
                if let Some(list) = self.browse(due).await {
                    self.item(&list).await;
                }
            }
            Journey::Purchase => {
                if let Some(list) = self.browse(due).await {
                    self.purchase(&list).await;
                }
            }
        }
    }

    async fn browse(&mut self, due: Instant) -> Option<Value> {
        let request = self.shop.client.get(self.shop.browse.clone());
        self.send(Step::Browse, request, due).await
    }

    async fn item(&mut self, list: &Value) {
        let id = journey::pick(list, &mut self.rng).and_then(|item| item.get("id")?.as_str());
        let (Some(id), Some(mut url)) = (id, self.shop.catalog.clone()) else { return };
        url.set_path("/items");
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id);
        }
        let due = self.think().await;
        let request = self.shop.client.get(url);
        self.send(Step::Item, request, due).await;
    }

    async fn purchase(&mut self, list: &Value) {
        let Some(order) = journey::order(list, &mut self.rng) else { return };
        let due = self.think().await;
        let request = self.order().body(order.to_string());
        self.send(Step::Purchase, request, due).await;
    }

    fn order(&self) -> RequestBuilder {
        self.shop.client.post(self.shop.purchase.clone()).header("content-type", "application/json")
    }

    /// Looks at the page; the next request is due when the look is over.
    async fn think(&mut self) -> Instant {
        let pause = Duration::from_millis(self.rng.random_range(THINK_MS));
        let due = Instant::now() + pause;
        sleep(pause).await;
        due
    }

    /// Sends a request and accounts for it; the answer's JSON if it was a success.
    async fn send(&mut self, step: Step, request: RequestBuilder, due: Instant) -> Option<Value> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let answer = timeout(self.shop.timeout, exchange(request)).await;
        let latency = due.elapsed();
        let (outcome, body) = match answer {
            Ok(Ok((status, body))) if (200..300).contains(&status) => match serde_json::from_slice(&body) {
                Ok(value) => (Outcome::Status(status), Some(value)),
                Err(_) => (Outcome::Unreadable, None),
            },
            Ok(Ok((status, _))) => (Outcome::Status(status), None),
            Ok(Err(outcome)) => (outcome, None),
            Err(_) => (Outcome::Timeout, None),
        };
        self.shop.recorder().add(self.phase, step, outcome, latency);
        body
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.shop.unspent.fetch_add(self.left, Ordering::Relaxed);
    }
}

async fn exchange(request: RequestBuilder) -> Result<(u16, Vec<u8>), Outcome> {
    let transport = |_| Outcome::Transport;
    let mut response = request.send().await.map_err(transport)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(Outcome::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status().as_u16(), body))
}

#[cfg(test)]
mod tests;
