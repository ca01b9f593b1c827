//! Attributes (`span.http.route`, `.x`) and intrinsics (`duration`, `trace:rootName`).

use model::traces::AttrScope;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub enum AttributeScope {
    /// Unscoped: the span's attribute, or else the resource's.
    #[default]
    None,
    Span,
    Resource,
    Event,
    Link,
    Instrumentation,
}

const SCOPES: [(AttributeScope, &str); 6] = [
    (AttributeScope::None, "."),
    (AttributeScope::Span, "span."),
    (AttributeScope::Resource, "resource."),
    (AttributeScope::Event, "event."),
    (AttributeScope::Link, "link."),
    (AttributeScope::Instrumentation, "instrumentation."),
];

impl AttributeScope {
    /// The scope of this name, without the dot.
    pub fn from_name(name: &str) -> Option<Self> {
        SCOPES
            .iter()
            .find(|(_, prefix)| prefix.len() > 1 && prefix.trim_end_matches('.') == name)
            .map(|(scope, _)| *scope)
    }

    /// As it is written before an attribute's name.
    pub fn prefix(self) -> &'static str {
        SCOPES.iter().find(|(scope, _)| *scope == self).map_or(".", |(_, prefix)| prefix)
    }

    /// The store's name for it; None for unscoped.
    pub fn to_model(self) -> Option<AttrScope> {
        match self {
            Self::None => None,
            Self::Span => Some(AttrScope::Span),
            Self::Resource => Some(AttrScope::Resource),
            Self::Event => Some(AttrScope::Event),
            Self::Link => Some(AttrScope::Link),
            Self::Instrumentation => Some(AttrScope::Instrumentation),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intrinsic {
    Duration,
    Name,
    Status,
    StatusMessage,
    Kind,
    ChildCount,
    Parent,
    SpanId,
    ParentId,
    TraceId,
    RootName,
    RootServiceName,
    TraceDuration,
    NestedSetLeft,
    NestedSetRight,
    NestedSetParent,
    EventName,
    EventTimeSinceStart,
    LinkTraceId,
    LinkSpanId,
    InstrumentationName,
    InstrumentationVersion,
}

/// The name that Tempo shows first, then the other form. Source: Tempo documentation, "Intrinsic fields".
const INTRINSICS: [(Intrinsic, &str, &str); 22] = [
    (Intrinsic::Duration, "duration", "span:duration"),
    (Intrinsic::Name, "name", "span:name"),
    (Intrinsic::Status, "status", "span:status"),
    (Intrinsic::StatusMessage, "statusMessage", "span:statusMessage"),
    (Intrinsic::Kind, "kind", "span:kind"),
    (Intrinsic::ChildCount, "span:childCount", ""),
    (Intrinsic::Parent, "parent", ""),
    (Intrinsic::SpanId, "span:id", ""),
    (Intrinsic::ParentId, "span:parentID", ""),
    (Intrinsic::TraceId, "trace:id", ""),
    (Intrinsic::RootName, "rootName", "trace:rootName"),
    (Intrinsic::RootServiceName, "rootServiceName", "trace:rootService"),
    (Intrinsic::TraceDuration, "traceDuration", "trace:duration"),
    (Intrinsic::NestedSetLeft, "nestedSetLeft", ""),
    (Intrinsic::NestedSetRight, "nestedSetRight", ""),
    (Intrinsic::NestedSetParent, "nestedSetParent", ""),
    (Intrinsic::EventName, "event:name", ""),
    (Intrinsic::EventTimeSinceStart, "event:timeSinceStart", ""),
    (Intrinsic::LinkTraceId, "link:traceID", ""),
    (Intrinsic::LinkSpanId, "link:spanID", ""),
    (Intrinsic::InstrumentationName, "instrumentation:name", ""),
    (Intrinsic::InstrumentationVersion, "instrumentation:version", ""),
];

impl Intrinsic {
    pub fn from_name(name: &str) -> Option<Self> {
        let found = INTRINSICS
            .iter()
            .find(|(_, first, second)| !name.is_empty() && (*first == name || *second == name));
        found.map(|(intrinsic, ..)| *intrinsic)
    }

    pub fn name(self) -> &'static str {
        INTRINSICS.iter().find(|(intrinsic, ..)| *intrinsic == self).map_or("", |(_, name, _)| name)
    }

    /// Belongs to the events of a span; of several events each has a value of its own.
    pub fn is_event(self) -> bool {
        matches!(self, Self::EventName | Self::EventTimeSinceStart)
    }

    pub fn is_link(self) -> bool {
        matches!(self, Self::LinkTraceId | Self::LinkSpanId)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    pub scope: AttributeScope,
    /// `parent.` before it: the parent span's. Parsed, refused by the check.
    pub parent: bool,
    pub name: String,
    pub intrinsic: Option<Intrinsic>,
}

impl Attribute {
    pub fn intrinsic(intrinsic: Intrinsic) -> Self {
        Self {
            scope: AttributeScope::None,
            parent: false,
            name: intrinsic.name().to_owned(),
            intrinsic: Some(intrinsic),
        }
    }

    pub fn scoped(scope: AttributeScope, name: impl Into<String>) -> Self {
        Self { scope, parent: false, name: name.into(), intrinsic: None }
    }

    pub fn is_event(&self) -> bool {
        self.intrinsic.map_or(self.scope == AttributeScope::Event, Intrinsic::is_event)
    }

    pub fn is_link(&self) -> bool {
        self.intrinsic.map_or(self.scope == AttributeScope::Link, Intrinsic::is_link)
    }

    /// The one attribute that every span is taken to have.
    pub fn is_service_name(&self) -> bool {
        self.scope == AttributeScope::Resource && self.intrinsic.is_none() && self.name == "service.name"
    }
}
