//! The manager: which groups there are, when each is evaluated, and how a new configuration takes their place.

use crate::error::RuleError;
use crate::group::{Group, Shown, Tools, write_stale};
use crate::notify::Notify;
use crate::restore::RestoreOptions;
use crate::rule::Asker;
use crate::template::Expander;
use crate::view::GroupView;
use model::Clock;
use model::clock::Millis;
use model::metrics::MetricStore;
use promql::Engine;
use stackconf::rules::RuleFile;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub struct Options {
    pub store: Arc<dyn MetricStore>,
    pub engine: Engine,
    pub clock: Arc<dyn Clock>,
    pub notify: Arc<dyn Notify>,
    /// Under which users reach this Prometheus; part of links in alerts.
    pub external_url: String,
    pub external_labels: BTreeMap<String, String>,
    /// For groups that name no interval of their own.
    pub evaluation_interval: Duration,
    /// How long one query of a rule may take.
    pub query_timeout: Duration,
    /// How often a firing alert is sent again.
    pub resend_delay: Duration,
    /// How old the state from before a restart may be.
    pub outage_tolerance: Duration,
    /// Alerts with a shorter `for` do not get their state from before a restart back.
    pub grace_period: Duration,
}

impl Options {
    /// Upstream's defaults around a store.
    pub fn new(store: Arc<dyn MetricStore>, clock: Arc<dyn Clock>, notify: Arc<dyn Notify>) -> Self {
        Self {
            store,
            engine: Engine::default(),
            clock,
            notify,
            external_url: "http://localhost:9090".to_owned(),
            external_labels: BTreeMap::new(),
            evaluation_interval: Duration::from_secs(60),
            query_timeout: Duration::from_secs(120),
            resend_delay: Duration::from_secs(60),
            outage_tolerance: Duration::from_secs(3_600),
            grace_period: Duration::from_secs(600),
        }
    }
}

/// Rule evaluations since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleStats {
    pub groups: u64,
    pub rules: u64,
    pub evaluations: u64,
    pub failures: u64,
}

type Shared = Arc<Mutex<Group>>;

/// A group that runs, or that will once the manager does.
struct Running {
    group: Shared,
    shown: Arc<Mutex<Shown>>,
    /// Ends the group's task.
    stop: CancellationToken,
}

struct State {
    running: Vec<Running>,
    evaluation_interval: Duration,
    expander: Expander,
    /// Set while [`Manager::run`] runs.
    stop: Option<CancellationToken>,
    /// Evaluations and failures of groups that are gone.
    past: (u64, u64),
}

/// Owns the rule groups. [`Manager::run`] is the task; it holds one more for each group.
pub struct Manager {
    tools: Arc<Tools>,
    state: Mutex<State>,
    tasks: TaskTracker,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

impl Manager {
    pub fn new(options: Options) -> Self {
        let asker = Asker {
            store: options.store,
            engine: options.engine,
            clock: options.clock,
            timeout: options.query_timeout,
        };
        let expander = Expander::new(asker.clone(), options.external_url, options.external_labels);
        let restore = RestoreOptions {
            outage_tolerance: millis(options.outage_tolerance),
            grace_period: millis(options.grace_period),
        };
        Self {
            tools: Arc::new(Tools {
                asker,
                notify: options.notify,
                resend_delay: options.resend_delay,
                restore,
            }),
            state: Mutex::new(State {
                running: Vec::new(),
                evaluation_interval: options.evaluation_interval,
                expander,
                stop: None,
                past: (0, 0),
            }),
            tasks: TaskTracker::new(),
        }
    }

    /// Changes what the global section says; groups see it with the next [`Manager::load`].
    pub fn configure(&self, evaluation_interval: Duration, external_labels: BTreeMap<String, String>) {
        let mut state = lock(&self.state);
        state.evaluation_interval = evaluation_interval;
        state.expander = state.expander.with_external_labels(external_labels);
    }

    /// Takes over rule files (by the names they are shown under). Groups that stay the same go on as they are; of changed ones,
    /// rules that stay the same keep their alerts; series of rules that are gone end.
    ///
    /// # Errors
    /// [`RuleError`] for the first rule that is wrong; then everything goes on as before.
    pub fn load(&self, files: &[(String, RuleFile)]) -> Result<(), RuleError> {
        let mut state = lock(&self.state);
        let mut fresh = Vec::new();
        for (file, rules) in files {
            for config in &rules.groups {
                let expander = Arc::new(state.expander.for_group());
                fresh.push(Group::new(file, config, state.evaluation_interval, &expander)?);
            }
        }
        let mut before = std::mem::take(&mut state.running);
        for mut group in fresh {
            let same_name = |running: &Running| {
                let old = lock(&running.group);
                old.file == group.file && old.config.name == group.config.name
            };
            let Some(at) = before.iter().position(same_name) else {
                let running = self.start(group, state.stop.as_ref());
                state.running.push(running);
                continue;
            };
            let old = before.remove(at);
            let unchanged = {
                let old = lock(&old.group);
                // Lines move when a comment is added above; that changes nothing.
                without_lines(&old.config) == without_lines(&group.config)
                    && old.interval == group.interval
                    && old.expander.external_labels() == group.expander.external_labels()
            };
            if unchanged {
                state.running.push(old);
                continue;
            }
            old.stop.cancel();
            {
                let mut old = lock(&old.group);
                group.inherit(&mut old);
                state.past.0 += old.evaluations;
                state.past.1 += old.failures;
            }
            let running = self.start(group, state.stop.as_ref());
            state.running.push(running);
        }
        let now = self.tools.asker.clock.now_millis();
        for gone in before {
            gone.stop.cancel();
            let mut group = lock(&gone.group);
            state.past.0 += group.evaluations;
            state.past.1 += group.failures;
            write_stale(&self.tools, group.series().into_iter(), now);
        }
        Ok(())
    }

    fn start(&self, group: Group, stop: Option<&CancellationToken>) -> Running {
        let running = Running {
            shown: group.shown.clone(),
            group: Arc::new(Mutex::new(group)),
            stop: stop.map_or_else(CancellationToken::new, CancellationToken::child_token),
        };
        if stop.is_some() {
            self.spawn(&running);
        }
        running
    }

    fn spawn(&self, running: &Running) {
        let tools = self.tools.clone();
        self.tasks.spawn(evaluate_regularly(tools, running.group.clone(), running.stop.clone()));
    }

    /// Evaluates the groups on their intervals until `cancel`, then waits for evaluations that are under way.
    pub async fn run(&self, cancel: CancellationToken) {
        {
            let mut state = lock(&self.state);
            let stop = cancel.child_token();
            for running in &mut state.running {
                running.stop = stop.child_token();
                self.spawn(running);
            }
            state.stop = Some(stop);
        }
        cancel.cancelled().await;
        lock(&self.state).stop = None;
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Evaluates every group at `t`, in order: what tests do in place of [`Manager::run`].
    pub fn evaluate(&self, t: Millis) {
        let groups: Vec<Shared> =
            lock(&self.state).running.iter().map(|running| running.group.clone()).collect();
        for group in groups {
            lock(&group).evaluate(&self.tools, t);
        }
    }

    /// Says that there is no state from before a restart to look for.
    pub(crate) fn assume_restored(&self) {
        for running in &lock(&self.state).running {
            lock(&running.group).assume_restored();
        }
    }

    /// A snapshot of all groups, in the order of the files, as they were after their last evaluations.
    pub fn groups(&self) -> Vec<GroupView> {
        lock(&self.state).running.iter().map(|running| lock(&running.shown).view.clone()).collect()
    }

    pub fn stats(&self) -> RuleStats {
        let state = lock(&self.state);
        let mut stats =
            RuleStats { evaluations: state.past.0, failures: state.past.1, ..RuleStats::default() };
        for running in &state.running {
            let shown = lock(&running.shown);
            stats.groups += 1;
            stats.rules += shown.view.rules.len() as u64;
            stats.evaluations += shown.evaluations;
            stats.failures += shown.failures;
        }
        stats
    }
}

fn without_lines(config: &stackconf::rules::RuleGroup) -> stackconf::rules::RuleGroup {
    let mut config = config.clone();
    config.line = 0;
    for rule in &mut config.rules {
        (rule.line, rule.expr_line) = (0, 0);
    }
    config
}

/// Evaluates at once, then at multiples of the interval (shifted by the group's name, so that not all run at the same time).
async fn evaluate_regularly(tools: Arc<Tools>, group: Shared, stop: CancellationToken) {
    let (interval, shift) = {
        let group = lock(&group);
        let interval = millis(group.interval).max(1);
        let name = model::Labels::from_pairs([("file", &group.file), ("group", &group.config.name)]);
        (interval, (name.fingerprint() % interval.unsigned_abs()) as Millis)
    };
    let clock = tools.asker.clock.clone();
    let mut last = Millis::MIN;
    let mut due = clock.now_millis();
    while !stop.is_cancelled() {
        if due > last {
            last = due;
            let (tools, group) = (tools.clone(), group.clone());
            // An evaluation computes; the threads that serve requests must not wait for it.
            if let Err(error) = tokio::task::spawn_blocking(move || lock(&group).evaluate(&tools, due)).await
            {
                tracing::error!(%error, "a rule evaluation panicked");
            }
        }
        let now = clock.now_millis();
        let next = (now - shift).div_euclid(interval) * interval + shift + interval;
        let wait = Duration::from_millis((next - now).unsigned_abs());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        due = next;
    }
}

#[cfg(test)]
mod tests;
