//! Numbers for Prometheus: `/metrics`. No label ever holds what a tenant or a visitor chose.

use std::time::Duration;

use poem::http::{Method, StatusCode};
use poem::web::Data;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result, handler};
use poem_openapi::OperationId;
use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

use crate::api;
use crate::app::App;

/// The counters of one process.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    jobs: IntCounterVec,
    job_seconds: HistogramVec,
    deployments: IntCounterVec,
    conflicts: IntGauge,
}

/// Five milliseconds to ten seconds.
const REQUEST_BUCKETS: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// A tenth of a second to ten minutes.
const JOB_BUCKETS: &[f64] = &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 600.0];

impl Metrics {
    /// # Errors
    /// When two numbers have one name, which a test would notice.
    pub fn new() -> std::result::Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new(
                "igny8_http_requests_total",
                "Answered requests by route, method and status.",
            ),
            &["route", "method", "status"],
        )?;
        let request_seconds = HistogramVec::new(
            HistogramOpts::new("igny8_http_request_seconds", "Time from request to answer by route.")
                .buckets(REQUEST_BUCKETS.to_vec()),
            &["route", "method"],
        )?;
        let jobs = IntCounterVec::new(
            Opts::new("igny8_jobs_total", "Attempts at jobs by kind and outcome."),
            &["kind", "outcome"],
        )?;
        let job_seconds = HistogramVec::new(
            HistogramOpts::new("igny8_job_seconds", "Time of an attempt at a job by kind.")
                .buckets(JOB_BUCKETS.to_vec()),
            &["kind"],
        )?;
        let deployments = IntCounterVec::new(
            Opts::new("igny8_deployments_total", "Ended deployments by status."),
            &["status"],
        )?;
        let conflicts = IntGauge::new(
            "igny8_database_conflicts",
            "Transactions tried again because of a conflicting write, since the start.",
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(request_seconds.clone()))?;
        registry.register(Box::new(jobs.clone()))?;
        registry.register(Box::new(job_seconds.clone()))?;
        registry.register(Box::new(deployments.clone()))?;
        registry.register(Box::new(conflicts.clone()))?;
        Ok(Self {
            registry,
            requests,
            request_seconds,
            jobs,
            job_seconds,
            deployments,
            conflicts,
        })
    }

    /// An answered request. `route` is an operation's id or another fixed word, never a path.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        self.requests
            .with_label_values(&[route, method, &status.to_string()])
            .inc();
        self.request_seconds
            .with_label_values(&[route, method])
            .observe(took.as_secs_f64());
    }

    /// An attempt at a job.
    pub fn job(&self, kind: &str, outcome: &str, took: Duration) {
        self.jobs.with_label_values(&[kind, outcome]).inc();
        self.job_seconds.with_label_values(&[kind]).observe(took.as_secs_f64());
    }

    /// A deployment that ended.
    pub fn deployment(&self, status: &str) {
        self.deployments.with_label_values(&[status]).inc();
    }

    /// Everything in Prometheus' text form.
    ///
    /// # Errors
    /// When a number cannot be written as text.
    pub fn text(&self, conflicts: u64) -> std::result::Result<String, prometheus::Error> {
        self.conflicts.set(i64::try_from(conflicts).unwrap_or(i64::MAX));
        let mut bytes = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut bytes)?;
        String::from_utf8(bytes).map_err(|e| prometheus::Error::Msg(e.to_string()))
    }
}

/// Counts and times every request, and turns errors into answers so that what is counted is what is sent.
pub struct Measure(pub App);

impl<E: Endpoint> Middleware<E> for Measure {
    type Output = Measured<E>;
    fn transform(&self, inner: E) -> Self::Output {
        Measured {
            app: self.0.clone(),
            inner,
        }
    }
}

pub struct Measured<E> {
    app: App,
    inner: E,
}

impl<E: Endpoint> Endpoint for Measured<E> {
    type Output = Response;

    async fn call(&self, req: Request) -> Result<Response> {
        let begun = std::time::Instant::now();
        let method = known_method(req.method());
        let (route, response) = match self.inner.call(req).await {
            Ok(response) => {
                let response = response.into_response();
                (route_of(response.data(), response.data()), response)
            }
            Err(error) => (route_of(error.data(), error.data()), api::error::from_poem(error)),
        };
        self.app
            .metrics
            .request(route, method, response.status().as_u16(), begun.elapsed());
        Ok(response)
    }
}

/// What was asked for, as a label, when it is not an operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct RouteLabel(pub &'static str);

fn route_of(operation: Option<&OperationId>, label: Option<&RouteLabel>) -> &'static str {
    match (operation, label) {
        (Some(operation), _) => operation.0,
        (None, Some(label)) => label.0,
        (None, None) => "other",
    }
}

/// A client can send any word as a method; only the usual ones become labels.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// `/healthz`: the process answers.
#[handler]
pub fn healthz() -> &'static str {
    "ok\n"
}

/// `/readyz`: requests can be served; 503 while the database does not answer or the server stops.
#[handler]
pub async fn readyz(app: Data<&App>) -> Response {
    let (status, text) = if app.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if let Err(error) = app.db.ping().await {
        tracing::warn!(%error, "not ready");
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
    } else {
        (StatusCode::OK, "ready\n")
    };
    Response::builder().status(status).content_type("text/plain").body(text)
}

/// `/metrics`: for Prometheus on this machine, unless `http.metrics_public` opens it.
#[handler]
pub async fn metrics(req: &Request, app: Data<&App>) -> Response {
    // A proxy on this machine also connects from loopback; what it passes on is not from here.
    let passed_on = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| req.headers().contains_key(*name));
    let local = !passed_on
        && req
            .remote_addr()
            .as_socket_addr()
            .is_some_and(|address| address.ip().to_canonical().is_loopback());
    if !local && !app.config.http.metrics_public {
        return api::Error::not_found().into_response();
    }
    match app.metrics.text(app.db.conflicts()) {
        Ok(text) => Response::builder()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(text),
        Err(error) => api::Error::internal(error).into_response(),
    }
}
