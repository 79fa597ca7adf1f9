//! Requests to the service: signed by `object_store`, sent by the one client that is guarded (`igny8_outgoing`).

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderValue};
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use igny8_outgoing::{Outgoing, OutgoingError, Request};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, BackoffConfig, MultipartUpload, ObjectStore, ObjectStoreExt as _, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
};
use url::Url;

use crate::error::{Refused, StorageError};
use crate::settings::{Settings, secret_problem};

/// Largest answer, which is the manifest of the largest site.
const LARGEST_ANSWER: usize = 64 << 20;
/// What a request may take, and what a slow line needs for each byte of it.
const PATIENCE: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_SECOND: u64 = 64 << 10;
/// S3 wants at least 5 MiB for every part but the last, and some services equal ones. Larger files are sent in such parts.
pub(crate) const PART: u64 = 8 << 20;
/// As many as one request may name.
const REMOVED_AT_ONCE: usize = 1000;
/// As many as one answer of a listing names.
const LISTED: usize = 1000;
/// Header of an object that leads elsewhere; see `Settings::redirect_headers`.
const REDIRECT: &str = "x-amz-website-redirect-location";

/// A destination's place in its bucket.
pub struct Store {
    settings: Settings,
    builder: AmazonS3Builder,
    s3: AmazonS3,
}

/// Headers an object is given out with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers<'a> {
    pub content_type: &'a str,
    pub cache_control: &'a str,
    pub content_encoding: Option<&'static str>,
    pub redirect: Option<&'a str>,
}

/// What became of an object that was to be made where none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    New,
    /// There is one already.
    Taken,
    /// The service does not do that, or may not.
    Refused,
}

impl Store {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the settings cannot be used or lead into a private network.
    pub fn new(settings: Settings, secret: &str, outgoing: &Outgoing) -> Result<Self, StorageError> {
        let wrong = settings.problems().into_iter().map(|(_, what)| what);
        if let Some(what) = wrong.chain(secret_problem(secret)).next() {
            return Err(StorageError::Fail(what.into()));
        }
        let address = settings.bucket_address();
        let address = address.ok_or_else(|| StorageError::Fail("The endpoint is no address.".into()))?;
        outgoing
            .check(&address)
            .map_err(|error| StorageError::Fail(format!("The endpoint cannot be used: {error}.")))?;
        let retries = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(200),
                max_backoff: Duration::from_secs(5),
                base: 2.0,
            },
            // Beyond that it is the job's turn to come back later.
            max_retries: 3,
            retry_timeout: Duration::from_secs(60),
        };
        let builder = AmazonS3Builder::new()
            .with_region(&settings.region)
            .with_bucket_name(&settings.bucket)
            // Given whole, bucket included, as the library expects of hosts that begin with it.
            .with_endpoint(address.as_str().trim_end_matches('/'))
            .with_virtual_hosted_style_request(true)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(secret)
            .with_retry(retries)
            .with_http_connector(Guarded(outgoing.clone()));
        let s3 = builder.clone().build()?;
        Ok(Self { settings, builder, s3 })
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn path(&self, path: &str) -> Result<Path, StorageError> {
        Path::parse(self.settings.key(path)).map_err(|_| {
            let shown: String = path.chars().filter(|c| !c.is_control()).take(200).collect();
            StorageError::Fail(format!(
                "The file `{shown}` has a name that object storage cannot have."
            ))
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Option<Bytes>, StorageError> {
        self.read(&self.path(path)?).await
    }

    /// An object anywhere in the bucket, by its whole key.
    pub(crate) async fn get_key(&self, key: &str) -> Result<Option<Bytes>, StorageError> {
        let path = Path::parse(key).map_err(object_store::Error::from)?;
        self.read(&path).await
    }

    async fn read(&self, path: &Path) -> Result<Option<Bytes>, StorageError> {
        let got = async { self.s3.get(path).await?.bytes().await.map_err(StorageError::from) };
        match got.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StorageError::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whole keys of objects in the place, of the first page.
    pub(crate) async fn list(&self) -> Result<Vec<String>, StorageError> {
        let prefix = Path::parse(&self.settings.prefix).map_err(object_store::Error::from)?;
        let listed = self.s3.list(Some(&prefix)).take(LISTED);
        let keys = listed
            .map_ok(|object| object.location.to_string())
            .try_collect::<Vec<_>>()
            .await;
        keys.map_err(|error| match error {
            object_store::Error::NotFound { .. } => StorageError::Fail(
                "The service does not list what is in the bucket; is the endpoint an S3 service?".into(),
            ),
            object_store::Error::InvalidPath { .. } => StorageError::Fail(
                "There are files here that IGNY8 did not put there, with names it cannot have. Take an empty prefix."
                    .into(),
            ),
            error => error.into(),
        })
    }

    pub(crate) async fn put(&self, path: &str, bytes: Bytes, headers: &Headers<'_>) -> Result<(), StorageError> {
        let path = self.path(path)?;
        let options = PutOptions {
            attributes: headers.attributes(),
            ..PutOptions::default()
        };
        let payload = PutPayload::from_bytes(bytes);
        match headers.redirect.and_then(|to| HeaderValue::from_str(to).ok()) {
            None => self.s3.put_opts(&path, payload, options).await?,
            // The library knows no such attribute, and signs what it sends by default.
            Some(to) => {
                let with = ClientOptions::new()
                    .with_default_headers(HeaderMap::from_iter([(REDIRECT.parse().expect("a name"), to)]));
                let s3 = self.builder.clone().with_client_options(with).build()?;
                s3.put_opts(&path, payload, options).await?
            }
        };
        Ok(())
    }

    /// Writes an object if there is none. A service that does not mind the condition overwrites what is there.
    pub(crate) async fn create(
        &self,
        path: &str,
        bytes: Bytes,
        headers: &Headers<'_>,
    ) -> Result<Created, StorageError> {
        let options = PutOptions {
            mode: PutMode::Create,
            attributes: headers.attributes(),
            ..PutOptions::default()
        };
        let path = self.path(path)?;
        match self.s3.put_opts(&path, PutPayload::from_bytes(bytes), options).await {
            Ok(_) => Ok(Created::New),
            Err(error) => match Refused::behind(&error) {
                Some(refused) if refused.is_taken() => Ok(Created::Taken),
                // Services have several words for a header they do not know.
                Some(refused) if !refused.is_passing() => Ok(Created::Refused),
                _ => Err(error.into()),
            },
        }
    }

    /// Begins a file in parts of [`PART`] bytes.
    pub(crate) async fn begin(
        &self,
        path: &str,
        headers: &Headers<'_>,
    ) -> Result<Box<dyn MultipartUpload>, StorageError> {
        let options = PutMultipartOptions {
            attributes: headers.attributes(),
            ..PutMultipartOptions::default()
        };
        Ok(self.s3.put_multipart_opts(&self.path(path)?, options).await?)
    }

    /// Removes objects; those that are not there are removed already.
    pub(crate) async fn remove(&self, paths: &[String]) -> Result<(), StorageError> {
        for some in paths.chunks(REMOVED_AT_ONCE) {
            let some: Vec<_> = some.iter().map(|path| self.path(path)).collect::<Result<_, _>>()?;
            let removing = self.s3.delete_stream(stream::iter(some.into_iter().map(Ok)).boxed());
            removing.try_for_each(|_| std::future::ready(Ok(()))).await?;
        }
        Ok(())
    }
}

impl Headers<'_> {
    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, self.content_type.to_owned().into());
        attributes.insert(Attribute::CacheControl, self.cache_control.to_owned().into());
        if let Some(encoding) = self.content_encoding {
            attributes.insert(Attribute::ContentEncoding, encoding.into());
        }
        attributes
    }
}

/// The guarded client as `object_store` wants it.
#[derive(Clone)]
struct Guarded(Outgoing);

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guarded")
    }
}

impl HttpConnector for Guarded {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Guarded {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        // A part at most, and already in one piece.
        let body = body.collect().await?.to_bytes();
        let sending = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let request = Request {
            headers: parts.headers,
            body: (!body.is_empty() || matches!(parts.method, Method::PUT | Method::POST)).then_some(body),
            timeout: PATIENCE + Duration::from_secs(sending / SLOWEST_BYTES_PER_SECOND),
            max_bytes: LARGEST_ANSWER,
            ..Request::new(parts.method, url)
        };
        let mut answer = self
            .0
            .send(request)
            .await
            .map_err(|error| HttpError::new(kind(&error), error))?;
        let refused = Refused::of(answer.status, &answer.headers, &answer.body);
        let missing = answer.status == http::StatusCode::NOT_FOUND && refused.code != "NoSuchBucket";
        if !answer.status.is_success() && !missing {
            let kind = if refused.is_passing() {
                HttpErrorKind::Request
            } else {
                HttpErrorKind::Unknown
            };
            return Err(HttpError::new(kind, refused));
        }
        // The body is unpacked already.
        if answer.headers.remove(CONTENT_ENCODING).is_some() {
            answer
                .headers
                .insert(CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
        }
        let mut response = http::Response::new(HttpResponseBody::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// Every request of ours can be sent twice, so what broke off is sent again like what did not begin.
fn kind(error: &OutgoingError) -> HttpErrorKind {
    match error {
        OutgoingError::Connect { .. } => HttpErrorKind::Connect,
        OutgoingError::Broken(_) => HttpErrorKind::Request,
        OutgoingError::TimedOut(_)
        | OutgoingError::Address(_)
        | OutgoingError::Blocked(_)
        | OutgoingError::NoSuchHost(_)
        | OutgoingError::TooLarge(_)
        | OutgoingError::Redirected(_) => HttpErrorKind::Unknown,
    }
}
