//! What several blocks are made of.

use serde::{Deserialize, Serialize};

use super::skip;

/// A link with its words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub label: String,
    /// A path on this site or an address elsewhere.
    pub url: String,
}

/// One entry of features, services, grids and lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Item {
    #[serde(skip_serializing_if = "skip")]
    pub heading: String,
    /// Markdown.
    #[serde(skip_serializing_if = "skip")]
    pub text: String,
    #[serde(skip_serializing_if = "skip")]
    pub image: Option<String>,
    #[serde(skip_serializing_if = "skip")]
    pub alt: String,
    /// Where the entry leads.
    #[serde(skip_serializing_if = "skip")]
    pub url: Option<String>,
    /// A short fact beside the heading: a price, a duration, a year.
    #[serde(skip_serializing_if = "skip")]
    pub note: String,
}

/// What a customer said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Testimonial {
    /// Markdown.
    #[serde(skip_serializing_if = "skip")]
    pub text: String,
    #[serde(skip_serializing_if = "skip")]
    pub name: String,
    /// Who that is: a job, a place.
    #[serde(skip_serializing_if = "skip")]
    pub role: String,
    #[serde(skip_serializing_if = "skip")]
    pub image: Option<String>,
    /// Stars, 1 to 5; none when 0.
    #[serde(skip_serializing_if = "skip")]
    pub rating: u8,
}

/// A number and what it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stat {
    /// As it is shown: `12`, `98 %`, `4,000+`.
    #[serde(skip_serializing_if = "skip")]
    pub value: String,
    #[serde(skip_serializing_if = "skip")]
    pub label: String,
    /// One plain line more.
    #[serde(skip_serializing_if = "skip")]
    pub note: String,
}

/// One part of an accordion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Panel {
    #[serde(skip_serializing_if = "skip")]
    pub heading: String,
    /// Markdown.
    #[serde(skip_serializing_if = "skip")]
    pub text: String,
}

/// One field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Field {
    /// Name it is sent by.
    pub name: String,
    /// Words above it; made from the name when empty.
    #[serde(skip_serializing_if = "skip")]
    pub label: String,
    pub kind: FieldKind,
    #[serde(skip_serializing_if = "skip")]
    pub required: bool,
    /// One plain line under the field.
    #[serde(skip_serializing_if = "skip")]
    pub help: String,
    /// What a `select` offers.
    #[serde(skip_serializing_if = "skip")]
    pub options: Vec<String>,
}

/// What a field takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Text,
    /// A person's name; browsers offer to fill it in.
    Name,
    Email,
    Tel,
    Textarea,
    Select,
    Checkbox,
    /// A box that must be ticked before the form is sent; its label is what is agreed to.
    Consent,
    /// Hidden from people: a form that comes with it filled in was sent by a program.
    Honeypot,
}
