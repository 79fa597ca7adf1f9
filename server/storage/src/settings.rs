//! Where a copy goes and how, as its user sets it. The secret of the access key is apart, since it is stored sealed.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Forms in which texts are stored. Object storage gives everybody the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// As they are: for a delivery network in front that compresses by itself.
    None,
    /// Understood by everything that reads the web.
    #[default]
    Gzip,
    /// Smaller; browsers ask for it over https only, and some other readers do not know it.
    Brotli,
}

/// `url`'s own serde support is a feature that SurrealDB would be compiled again for.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};
    use url::Url;

    #[expect(clippy::ref_option, reason = "serde gives it so")]
    pub fn serialize<S: Serializer>(url: &Option<Url>, serializer: S) -> Result<S::Ok, S::Error> {
        url.as_ref().map(Url::as_str).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Url::parse(&text).map_err(de::Error::custom))
            .transpose()
    }
}

/// What is not secret about a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address of the service, without the bucket; AWS in `region` when empty.
    #[serde(with = "as_text")]
    pub endpoint: Option<Url>,
    /// What requests are signed for; many services take any, Cloudflare R2 `auto`.
    pub region: String,
    pub bucket: String,
    /// Name of the key; its secret is elsewhere.
    pub access_key_id: String,
    /// Folder in the bucket, without slashes at its ends; empty for the whole bucket.
    pub prefix: String,
    /// The bucket is the first part of the path, not of the host.
    pub path_style: bool,
    /// Where visitors find the copy.
    #[serde(with = "as_text")]
    pub public_address: Option<Url>,
    pub compression: Compression,
    /// `Cache-Control` of what keeps its name when it changes.
    pub page_cache: String,
    /// `Cache-Control` of what has a new name when it changes.
    pub asset_cache: String,
    /// Old addresses get `x-amz-website-redirect-location` too, which website endpoints of AWS answer with status 301. Other
    /// services may refuse it; the page that leads on works everywhere.
    pub redirect_headers: bool,
    /// Hours for which files stay that only pages of an earlier release need.
    pub keep_hours: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: "us-east-1".into(),
            bucket: String::new(),
            access_key_id: String::new(),
            prefix: String::new(),
            path_style: true,
            public_address: None,
            compression: Compression::default(),
            page_cache: "public, max-age=0, must-revalidate".into(),
            asset_cache: "public, max-age=31536000, immutable".into(),
            redirect_headers: false,
            keep_hours: 24,
        }
    }
}

/// Longest time for which files of earlier releases stay: a month.
const MOST_HOURS: u32 = 31 * 24;
/// Keys of S3 have at most 1024 bytes; most of that is for the paths of the site.
const LONGEST_PREFIX: usize = 200;
const LONGEST_CACHE: usize = 200;

/// A field and what is wrong with it.
pub type Wrong = (&'static str, &'static str);

impl Settings {
    /// What is wrong with them, by field. Whether the address may be called is for [`crate::Store::new`].
    pub fn problems(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let mut refuse = |is_wrong: bool, field, what| {
            if is_wrong {
                wrong.push((field, what));
            }
        };
        if let Some(endpoint) = &self.endpoint {
            refuse(
                !matches!(endpoint.scheme(), "https" | "http") || !endpoint.has_host(),
                "endpoint",
                "Give an address that begins with https://.",
            );
            refuse(
                endpoint.query().is_some() || endpoint.fragment().is_some(),
                "endpoint",
                "Give the address of the service without ? and #.",
            );
            refuse(
                self.names_bucket(endpoint),
                "endpoint",
                "Give the address without the bucket.",
            );
            refuse(
                !self.path_style && !matches!(endpoint.host(), Some(Host::Domain(_))),
                "path_style",
                "A service at a number, not a name, needs the bucket in the path.",
            );
        }
        refuse(
            !is_word(&self.region, 1..=40, "-"),
            "region",
            "A region is of small letters, digits and dashes, such as `eu-central-1`.",
        );
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        let bucket = &self.bucket;
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        refuse(
            !is_word(bucket, 3..=63, "-.")
                || !bucket.starts_with(ends)
                || !bucket.ends_with(ends)
                || bucket.contains(".."),
            "bucket",
            "A bucket's name has 3 to 63 small letters, digits, dots and dashes.",
        );
        let key = &self.access_key_id;
        // These would end the field of the header that names it.
        refuse(
            !is_printable(key, 128) || key.contains([',', '/', '=']),
            "access_key_id",
            "This is no access key: letters and digits, at most 128.",
        );
        let prefix = &self.prefix;
        let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.contains(['\\', '%', '?', '#']);
        refuse(
            !prefix.is_empty() && (prefix.split('/').any(bad_part) || prefix.chars().any(char::is_control)),
            "prefix",
            "A prefix is a path such as `sites/blog`, without empty or hidden parts.",
        );
        refuse(
            prefix.len() > LONGEST_PREFIX,
            "prefix",
            "A prefix has at most 200 bytes.",
        );
        if let Some(address) = &self.public_address {
            refuse(
                !matches!(address.scheme(), "https" | "http") || !address.has_host(),
                "public_address",
                "Give an address that begins with https://.",
            );
        }
        for (field, value) in [("page_cache", &self.page_cache), ("asset_cache", &self.asset_cache)] {
            let printable = value.bytes().all(|b| (0x20..0x7f).contains(&b));
            refuse(
                value.trim().is_empty() || !printable || value.len() > LONGEST_CACHE,
                field,
                "Give the value of a Cache-Control header, such as `public, max-age=300`.",
            );
        }
        refuse(
            self.keep_hours > MOST_HOURS,
            "keep_hours",
            "At most 744 hours, a month.",
        );
        wrong
    }

    /// The service the keys are for. Keys entered for one are never sent to another.
    pub fn origin(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.origin().ascii_serialization(),
            None => "https://amazonaws.com".into(),
        }
    }

    /// Whether the bucket is part of the endpoint, as services show the addresses of buckets.
    fn names_bucket(&self, endpoint: &Url) -> bool {
        if self.bucket.is_empty() {
            return false;
        }
        let last = endpoint.path().trim_end_matches('/').rsplit('/').next();
        let host = endpoint.host_str().unwrap_or_default();
        let below = host.strip_prefix(&self.bucket);
        last == Some(self.bucket.as_str())
            || below.is_some_and(|rest| rest.starts_with(".s3.") || rest.starts_with(".s3-"))
    }

    /// Whether files of both have the same keys in the same bucket.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.service() == other.service() && self.bucket == other.bucket && self.prefix == other.prefix
    }

    /// The service, however it is written: Amazon's buckets have names of their own in all regions.
    fn service(&self) -> String {
        let host = self
            .endpoint
            .as_ref()
            .and_then(Url::host_str)
            .unwrap_or("amazonaws.com");
        if host == "amazonaws.com" || host.ends_with(".amazonaws.com") {
            "amazonaws.com".into()
        } else {
            self.origin()
        }
    }

    /// Address of the bucket.
    pub(crate) fn bucket_address(&self) -> Option<Url> {
        let aws = || Url::parse(&format!("https://s3.{}.amazonaws.com", self.region)).ok();
        let mut address = self.endpoint.clone().or_else(aws)?;
        if self.path_style {
            address.path_segments_mut().ok()?.pop_if_empty().push(&self.bucket);
        } else {
            let host = format!("{}.{}", self.bucket, address.host_str()?);
            address.set_host(Some(&host)).ok()?;
        }
        Some(address)
    }

    /// The key of a file of the site.
    pub fn key(&self, path: &str) -> String {
        if self.prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        }
    }
}

fn is_word(text: &str, length: std::ops::RangeInclusive<usize>, others: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || others.contains(c);
    length.contains(&text.len()) && text.chars().all(allowed)
}

/// What is wrong with the secret of an access key.
pub fn secret_problem(secret: &str) -> Option<&'static str> {
    let wrong = "This is no secret access key: at most 256 characters without spaces.";
    (!is_printable(secret, 256)).then_some(wrong)
}

fn is_printable(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = Box<dyn FnOnce(&mut Settings)>;

    fn of(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings {
            bucket: "example-site".into(),
            access_key_id: "AKEXAMPLE".into(),
            ..Settings::default()
        };
        change(&mut settings);
        settings
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_field() {
        assert_eq!(of(|_| ()).problems(), []);
        let url = |text: &str| Some(Url::parse(text).unwrap());
        let good: [Change; 5] = [
            Box::new(|s| s.region = "auto".into()),
            Box::new(|s| s.prefix = "sites/café".into()),
            Box::new(move |s| s.endpoint = url("https://s3.example.com:9000/base")),
            Box::new(move |s| {
                s.endpoint = url("https://s3.example.com");
                s.path_style = false;
            }),
            Box::new(|s| s.keep_hours = 0),
        ];
        for change in good {
            let settings = of(change);
            assert_eq!(settings.problems(), [], "{settings:?}");
        }
        let bad: Vec<(&str, Change)> = vec![
            ("bucket", Box::new(|s| s.bucket = "ab".into())),
            ("bucket", Box::new(|s| s.bucket = "Upper".into())),
            ("bucket", Box::new(|s| s.bucket = "a/../b".into())),
            ("bucket", Box::new(|s| s.bucket = "a..b".into())),
            ("bucket", Box::new(|s| s.bucket = "-ab".into())),
            ("access_key_id", Box::new(|s| s.access_key_id = String::new())),
            ("access_key_id", Box::new(|s| s.access_key_id = "a b".into())),
            ("access_key_id", Box::new(|s| s.access_key_id = "a,b".into())),
            ("access_key_id", Box::new(|s| s.access_key_id = "ä".into())),
            ("region", Box::new(|s| s.region = "eu central".into())),
            ("region", Box::new(|s| s.region = String::new())),
            ("region", Box::new(|s| s.region = "evil.example/".into())),
            ("prefix", Box::new(|s| s.prefix = "/a".into())),
            ("prefix", Box::new(|s| s.prefix = "a//b".into())),
            ("prefix", Box::new(|s| s.prefix = "a/../b".into())),
            ("prefix", Box::new(|s| s.prefix = ".igny8".into())),
            ("prefix", Box::new(|s| s.prefix = "a\nb".into())),
            ("prefix", Box::new(|s| s.prefix = "a".repeat(201))),
            ("endpoint", Box::new(move |s| s.endpoint = url("ftp://example.com"))),
            (
                "endpoint",
                Box::new(move |s| s.endpoint = url("https://example.com/?x=1")),
            ),
            (
                "endpoint",
                Box::new(move |s| s.endpoint = url("https://example.com/example-site/")),
            ),
            (
                "endpoint",
                Box::new(move |s| s.endpoint = url("https://example-site.s3.eu-west-3.amazonaws.com")),
            ),
            (
                "path_style",
                Box::new(move |s| {
                    s.endpoint = url("https://8.8.8.8");
                    s.path_style = false;
                }),
            ),
            (
                "public_address",
                Box::new(move |s| s.public_address = url("mailto:a@example.com")),
            ),
            ("page_cache", Box::new(|s| s.page_cache = " ".into())),
            ("asset_cache", Box::new(|s| s.asset_cache = "a\r\nset-cookie: x".into())),
            ("keep_hours", Box::new(|s| s.keep_hours = 745)),
        ];
        for (field, change) in bad {
            let settings = of(change);
            let fields: Vec<_> = settings.problems().into_iter().map(|(field, _)| field).collect();
            assert_eq!(fields, [field], "{settings:?}");
        }
    }

    #[test]
    fn a_place_is_the_same_however_its_service_is_written() {
        let url = |text: &str| Some(Url::parse(text).unwrap());
        let place = |endpoint: Option<Url>, prefix: &str| {
            of(|s| {
                s.endpoint = endpoint;
                s.prefix = prefix.into();
            })
        };
        let own = place(url("https://s3.example.com:9000"), "a");
        assert!(own.is_same_place(&place(url("https://S3.example.com:9000/"), "a")));
        assert!(!own.is_same_place(&place(url("https://s3.example.com:9000"), "b")));
        assert!(!own.is_same_place(&place(url("https://s3.example.com"), "a")));
        assert!(!own.is_same_place(&place(None, "a")));
        assert!(place(None, "").is_same_place(&place(url("https://s3.eu-west-3.amazonaws.com"), "")));
    }

    #[test]
    fn where_a_bucket_is() {
        let url = |text: &str| Some(Url::parse(text).unwrap());
        for (endpoint, path_style, address) in [
            (None, true, "https://s3.us-east-1.amazonaws.com/example-site"),
            (None, false, "https://example-site.s3.us-east-1.amazonaws.com/"),
            (
                url("https://s3.example.com:9000"),
                true,
                "https://s3.example.com:9000/example-site",
            ),
            (
                url("https://s3.example.com/base/"),
                true,
                "https://s3.example.com/base/example-site",
            ),
            (
                url("https://s3.example.com:9000"),
                false,
                "https://example-site.s3.example.com:9000/",
            ),
        ] {
            let settings = of(|s| {
                s.endpoint = endpoint;
                s.path_style = path_style;
            });
            assert_eq!(settings.bucket_address().unwrap().as_str(), address);
        }
    }

    #[test]
    fn secrets_that_cannot_be_any_are_refused() {
        assert_eq!(secret_problem("a/b+c="), None);
        for secret in ["", "a b", "x\n", "ä", &"x".repeat(257)] {
            assert!(secret_problem(secret).is_some(), "{secret:?}");
        }
    }
}
