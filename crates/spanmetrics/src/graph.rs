//! Requests between services: the client's span and the server's find each other by trace and span id.

use crate::observed::Observed;
use model::clock::Nanos;
use model::traces::{SpanId, SpanKind, StatusCode, TraceId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How two services talk, when it is not a plain request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Connection {
    #[default]
    Request,
    Messaging,
    Database,
    VirtualNode,
}

impl Connection {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Request => "",
            Self::Messaging => "messaging_system",
            Self::Database => "database",
            Self::VirtualNode => "virtual_node",
        }
    }
}

/// A request of which one or both halves are known.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub trace: TraceId,
    pub client: Option<Arc<str>>,
    pub server: Option<Arc<str>>,
    pub client_seconds: f64,
    pub server_seconds: f64,
    pub failed: bool,
    pub connection: Connection,
    pub dimensions: Vec<Arc<str>>,
    peer: Option<Arc<str>>,
    /// The server's span has no parent.
    root: bool,
    expires: Nanos,
}

impl Edge {
    fn new(span: &Observed, expires: Nanos) -> Self {
        Self {
            trace: span.trace_id,
            client: None,
            server: None,
            client_seconds: 0.0,
            server_seconds: 0.0,
            failed: false,
            connection: Connection::Request,
            dimensions: span.graph_dimensions.clone(),
            peer: None,
            root: false,
            expires,
        }
    }

    fn is_complete(&self) -> bool {
        self.client.is_some() && self.server.is_some()
    }
}

type Key = (TraceId, SpanId);

/// Halves that wait for the other, bounded in time and number.
#[derive(Default)]
pub(crate) struct Waiting {
    edges: HashMap<Key, Edge>,
    /// By the time of expiry, which is the order in which they came.
    order: VecDeque<(Nanos, Key)>,
    /// Spans that found no place.
    pub dropped: u64,
    /// Halves whose other half never came.
    pub unpaired: u64,
}

/// The name of whoever starts a trace outside of all services.
const USER: &str = "user";

impl Waiting {
    /// Takes in a span; gives back the edge that it completes.
    pub(crate) fn add(&mut self, span: &Observed, now: Nanos, wait: Nanos, most: usize) -> Option<Edge> {
        let outgoing = match span.kind {
            SpanKind::Client | SpanKind::Producer => true,
            SpanKind::Server | SpanKind::Consumer => false,
            SpanKind::Internal | SpanKind::Unspecified => return None,
        };
        // A root has no parent whose id it could share; its own id stands for it.
        let id = if outgoing { span.span_id } else { span.parent.unwrap_or(span.span_id) };
        let key = (span.trace_id, id);
        if !self.edges.contains_key(&key) {
            if self.edges.len() >= most {
                self.dropped += 1;
                return None;
            }
            self.edges.insert(key, Edge::new(span, now + wait));
            self.order.push_back((now + wait, key));
        }
        let edge = self.edges.get_mut(&key)?;
        if outgoing {
            edge.client = Some(span.service.clone());
            edge.client_seconds = span.seconds;
            edge.peer = span.peer.clone();
            if let Some(database) = &span.database {
                // A database sends no spans: this one is all that there will be.
                edge.connection = Connection::Database;
                edge.server = Some(database.clone());
                edge.server_seconds = span.seconds;
            }
        } else {
            edge.server = Some(span.service.clone());
            edge.server_seconds = span.seconds;
            edge.root = span.parent.is_none();
        }
        if matches!(span.kind, SpanKind::Producer | SpanKind::Consumer)
            && edge.connection == Connection::Request
        {
            edge.connection = Connection::Messaging;
        }
        edge.failed |= span.status == StatusCode::Error;
        if edge.is_complete() { self.edges.remove(&key) } else { None }
    }

    /// Takes out what waited long enough. A root's client is the user; a client may have named its peer.
    pub(crate) fn expire(&mut self, now: Nanos) -> Vec<Edge> {
        let mut out = Vec::new();
        while let Some((_, key)) = self.order.pop_front_if(|(expires, _)| *expires <= now) {
            // The place may have been taken again by a later edge of the same key.
            if self.edges.get(&key).is_none_or(|edge| edge.expires > now) {
                continue;
            }
            let Some(mut edge) = self.edges.remove(&key) else { continue };
            if edge.client.is_none() && edge.root {
                edge.client = Some(USER.into());
                edge.client_seconds = edge.server_seconds;
            } else if edge.server.is_none() && edge.peer.is_some() {
                edge.server = edge.peer.take();
                edge.server_seconds = edge.client_seconds;
            } else {
                self.unpaired += 1;
                continue;
            }
            edge.connection = Connection::VirtualNode;
            out.push(edge);
        }
        out
    }

    pub(crate) fn len(&self) -> usize {
        self.edges.len()
    }
}
