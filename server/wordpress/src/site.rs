//! Finding the REST API of a site, and what it says about itself.

use http::{HeaderMap, Method};
use igny8_outgoing::{Answer, Outgoing, OutgoingError, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::client::{LIST, OBJECT, checked, read};
use crate::discovery::{keep_names, shorten};
use crate::{ApiRoot, Page, WordPress, WordPressError, lenient};

/// What a site says about itself at its root. It can be stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub description: String,
    /// Where visitors go.
    #[serde(default, deserialize_with = "lenient::text")]
    pub home: String,
    /// Where WordPress is.
    #[serde(default, deserialize_with = "lenient::text")]
    pub url: String,
    /// An IANA name, or empty for a plain offset.
    #[serde(default, deserialize_with = "lenient::text")]
    pub timezone_string: String,
    /// In hours.
    #[serde(default, deserialize_with = "lenient::fraction")]
    pub gmt_offset: f64,
    /// Of the REST routes, by which plugins are known.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub namespaces: Vec<String>,
    /// How one can log in; without `application-passwords` none works.
    #[serde(default, deserialize_with = "lenient::object")]
    pub authentication: Map<String, Value>,
    /// The page that lists the posts. The root does not say that: [`WordPress::posts_page`].
    #[serde(default)]
    pub posts_page: Option<PostsPage>,
}

/// The page at whose address the posts are listed, where another one is the front page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostsPage {
    #[serde(default, deserialize_with = "lenient::number")]
    pub id: u64,
    /// The address for visitors.
    #[serde(default, deserialize_with = "lenient::text")]
    pub link: String,
}

/// What a site shows at its front.
#[derive(Deserialize)]
struct Front {
    #[serde(default, deserialize_with = "lenient::text")]
    show_on_front: String,
    #[serde(default, deserialize_with = "lenient::number")]
    page_for_posts: u64,
}

/// A page, to tell whether it has a text.
#[derive(Deserialize)]
struct BarePage {
    #[serde(deserialize_with = "lenient::number")]
    id: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    link: String,
    #[serde(default, deserialize_with = "lenient::text")]
    content: String,
}

impl Site {
    /// Whether application passwords are switched on, which by default they are on https alone. Versions before 5.6 have none.
    pub fn takes_application_passwords(&self) -> bool {
        self.authentication.contains_key(APPLICATION_PASSWORDS)
    }

    /// What of it is stored.
    pub(crate) fn bounded(mut self) -> Self {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.url,
            &mut self.timezone_string,
        ] {
            shorten(text);
        }
        keep_names(&mut self.namespaces);
        let takes = self.takes_application_passwords();
        self.authentication.clear();
        if takes {
            self.authentication.insert(APPLICATION_PASSWORDS.into(), true.into());
        }
        self.posts_page = None;
        self
    }
}

const APPLICATION_PASSWORDS: &str = "application-passwords";
const FIELDS: &str = "name,description,url,home,gmt_offset,timezone_string,namespaces,authentication";
/// Bound of a root (with all routes when a site ignores `_fields`) and of a home page.
const ROOT: usize = 8 << 20;
const HOME: usize = 4 << 20;
/// Pages without a text that are looked at as visitors see them.
const SHOWN: usize = 5;
/// Bytes of a link that is kept.
const LONGEST_LINK: usize = 2000;
/// The relation by which WordPress links its REST API.
const RELATION: &str = "https://api.w.org/";

impl WordPress {
    /// What the site says about itself.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn site(&self) -> Result<Site, WordPressError> {
        let site: Site = self.get("", &[("_fields", FIELDS)], ROOT).await?;
        if site.namespaces.iter().any(|namespace| namespace == "wp/v2") {
            Ok(site)
        } else {
            Err(WordPressError::NotWordPress(self.root().to_string()))
        }
    }

    /// The page that lists the posts; none where the front page does. Versions before 6.8 tell administrators alone, and none
    /// before 6.0.1: then pages are looked at as visitors see them.
    ///
    /// # Errors
    /// [`WordPressError`].
    pub async fn posts_page(&self) -> Result<Option<PostsPage>, WordPressError> {
        let fields = [("_fields", "name,show_on_front,page_for_posts")];
        let mut front: Front = self.get("", &fields, ROOT).await?;
        if front.show_on_front.is_empty() {
            let fields = [("_fields", "title,show_on_front,page_for_posts")];
            front = match self.get("wp/v2/settings", &fields, OBJECT).await {
                Ok(front) => front,
                Err(WordPressError::Forbidden { .. } | WordPressError::NoRoute) => {
                    return self.shown_posts_page().await;
                }
                Err(error) => return Err(error),
            };
        }
        if front.show_on_front.is_empty() {
            return self.shown_posts_page().await;
        }
        if front.show_on_front != "page" || front.page_for_posts == 0 {
            return Ok(None);
        }
        let route = format!("wp/v2/pages/{}", front.page_for_posts);
        match self.get::<PostsPage>(&route, &[("_fields", "id,link")], OBJECT).await {
            Ok(page) => Ok(Some(page).filter(|page| page.id != 0 && page.link.len() <= LONGEST_LINK)),
            Err(WordPressError::Gone | WordPressError::Forbidden { .. } | WordPressError::NoRoute) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Looks for it among the pages that have no text of their own.
    async fn shown_posts_page(&self) -> Result<Option<PostsPage>, WordPressError> {
        let parameters = [
            ("context", "edit"),
            ("status", "publish"),
            ("orderby", "id"),
            ("order", "asc"),
            ("_fields", "id,link,content.raw"),
        ];
        let pages: Page<BarePage> = self.list("wp/v2/pages", &parameters, (0, 100), LIST).await?;
        let bare = pages.items.into_iter().filter(|page| page.content.trim().is_empty());
        for BarePage { id, link, .. } in bare.take(SHOWN) {
            let url = Url::parse(&link).ok().filter(|_| link.len() <= LONGEST_LINK);
            let Some(url) = url.filter(|url| same_site(&self.root().url(), url).is_ok()) else {
                continue;
            };
            let shown = page(self.outgoing(), Method::GET, &url).await;
            if shown.is_ok_and(|shown| lists_posts(&shown.body)) {
                return Ok(Some(PostsPage { id, link }));
            }
        }
        Ok(None)
    }
}

impl ApiRoot {
    /// Finds the REST API of the site at an address: by the link in the headers or in the home page, else where WordPress has
    /// it by default. Takes the address of a page in wp-admin or of the API itself, too. No password is sent.
    ///
    /// # Errors
    /// [`WordPressError::Redirected`] when the address or its link leads to another host (`www.` aside): what is entered is
    /// what gets the password. Otherwise the most telling of what went wrong.
    pub async fn discover(outgoing: &Outgoing, address: &Url) -> Result<Self, WordPressError> {
        let mut base = tidy(address);
        let mut candidates: Vec<Url> = Vec::new();
        let mut found = None;
        // HEAD costs a site little; those that do not answer it are asked for the page.
        for method in [Method::HEAD, Method::GET] {
            match page(outgoing, method.clone(), &base).await {
                Ok(answer) => {
                    same_site(&base, &answer.url)?;
                    let link = linked(&answer);
                    base = directory(&answer.url, &base);
                    if link.is_some() {
                        found = link;
                        break;
                    }
                }
                Err(OutgoingError::Redirected(to)) => return Err(WordPressError::Redirected(to.origin)),
                Err(error @ (OutgoingError::Address(_) | OutgoingError::Blocked(_) | OutgoingError::NoSuchHost(_))) => {
                    return Err(error.into());
                }
                // A HEAD that fails says nothing yet; a page that is too long hides a link, no more.
                Err(OutgoingError::TooLarge(_) | OutgoingError::Broken(_)) => {}
                Err(error) if method == Method::GET => return Err(error.into()),
                Err(_) => {}
            }
        }
        if let Some(link) = found {
            same_site(&base, &link)?;
            candidates.push(link);
        }
        // `/` of the host too, for an address of a page below it.
        for folder in [base.clone(), base.join("/").unwrap_or_else(|_| base.clone())] {
            let mut plain = folder.clone();
            plain.set_query(Some("rest_route=/"));
            candidates.extend(folder.join("wp-json/"));
            candidates.push(plain);
        }
        candidates.dedup();
        let mut seen: Vec<String> = Vec::new();
        let mut why = WordPressError::NotWordPress(shown(&base));
        for candidate in candidates {
            let root = Self::new(candidate)?;
            if seen.contains(&root.to_string()) {
                continue;
            }
            seen.push(root.to_string());
            match is_wordpress(outgoing, &root).await {
                Ok(()) => return Ok(root),
                Err(error) if telling(&error) > telling(&why) => why = error,
                Err(_) => {}
            }
        }
        Err(why)
    }
}

/// How much an error of one candidate says about the site: what came from WordPress itself, or from what guards it, says more than
/// that one place is empty.
fn telling(error: &WordPressError) -> u8 {
    match error {
        WordPressError::NotWordPress(_) | WordPressError::Gone | WordPressError::Garbled(_) => 0,
        WordPressError::Redirected(_) | WordPressError::TooLarge(_) | WordPressError::Refused { .. } => 1,
        WordPressError::LoginPage | WordPressError::Unreachable(_) => 2,
        WordPressError::Firewalled { .. } | WordPressError::Server { .. } => 3,
        _ => 4,
    }
}

async fn is_wordpress(outgoing: &Outgoing, root: &ApiRoot) -> Result<(), WordPressError> {
    let mut request = Request::new(Method::GET, root.route("", &[("_fields", FIELDS)]));
    request.max_bytes = ROOT;
    let answer = checked(outgoing.send(request).await?, root)?;
    let site: Site = read(&answer, root)?;
    if site.namespaces.iter().any(|namespace| namespace == "wp/v2") {
        Ok(())
    } else {
        Err(WordPressError::NotWordPress(root.to_string()))
    }
}

async fn page(outgoing: &Outgoing, method: Method, url: &Url) -> Result<Answer, OutgoingError> {
    let mut request = Request::new(method, url.clone());
    request.redirects = 5;
    request.max_bytes = HOME;
    outgoing.send(request).await
}

/// The address of the site, of one that somebody copied from their browser.
fn tidy(address: &Url) -> Url {
    let mut url = address.clone();
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().to_owned();
    let cut = ["/wp-admin", "/wp-login.php", "/wp-json", "/index.php"]
        .into_iter()
        .filter_map(|part| {
            let at = path.find(part)?;
            let rest = &path[at + part.len()..];
            (rest.is_empty() || rest.starts_with('/')).then_some(at)
        })
        .min();
    let path = &path[..cut.unwrap_or(path.len())];
    url.set_path(&format!("{}/", path.trim_end_matches('/')));
    url
}

/// Whether a page lists the posts: WordPress says so in a class of its body.
fn lists_posts(page: &[u8]) -> bool {
    let text = String::from_utf8_lossy(page);
    let body = html5gum::Tokenizer::new(&*text)
        .flatten()
        .find_map(|token| match token {
            html5gum::Token::StartTag(tag) if tag.name.as_slice() == b"body" => Some(tag),
            _ => None,
        });
    let name: &[u8] = b"class";
    let class = body.and_then(|tag| Some(String::from_utf8_lossy(tag.attributes.get(name)?).into_owned()));
    class.is_some_and(|class| class.split_ascii_whitespace().any(|class| class == "blog"))
}

/// The folder of the page that answered, when the site moved us; else what was asked for.
fn directory(answered: &Url, asked: &Url) -> Url {
    let mut url = answered.clone();
    url.set_query(None);
    url.set_fragment(None);
    if answered.path() == asked.path() || !url.path().ends_with('/') {
        url.set_path(asked.path());
    }
    url
}

/// Whether an address is of the same site: the same host, but for `www.`, and never back from https to http.
fn same_site(one: &Url, other: &Url) -> Result<(), WordPressError> {
    let host = |url: &Url| {
        url.host_str()
            .map(|host| host.trim_start_matches("www.").trim_end_matches('.').to_owned())
    };
    let port = |url: &Url| url.port();
    let downgraded = one.scheme() == "https" && other.scheme() != "https";
    if host(one) == host(other) && (port(one) == port(other) || other.scheme() == "https") && !downgraded {
        Ok(())
    } else {
        Err(WordPressError::Redirected(shown(other)))
    }
}

/// An address for people: origin and path.
fn shown(url: &Url) -> String {
    let shown = format!("{}{}", url.origin().ascii_serialization(), url.path());
    shown.chars().take(200).collect()
}

/// The link to the REST API, of the headers or the page.
fn linked(answer: &Answer) -> Option<Url> {
    let link = of_headers(&answer.headers).or_else(|| of_page(&answer.body))?;
    answer.url.join(&link).ok()
}

/// Of `Link: <address>; rel="https://api.w.org/"` (RFC 8288).
fn of_headers(headers: &HeaderMap) -> Option<String> {
    let mut links = headers
        .get_all(http::header::LINK)
        .iter()
        .filter_map(|link| link.to_str().ok());
    links.find_map(|text| {
        // Several may share a header; `<` begins each.
        text.split('<').skip(1).find_map(|link| {
            let (address, parameters) = link.split_once('>')?;
            parameters.contains(RELATION).then(|| address.trim().to_owned())
        })
    })
}

/// Of `<link rel="https://api.w.org/" href="address">`.
fn of_page(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    for token in html5gum::Tokenizer::new(&*text).flatten() {
        let html5gum::Token::StartTag(tag) = token else {
            continue;
        };
        if tag.name.as_slice() != b"link" {
            continue;
        }
        let attribute = |name: &[u8]| {
            let value = tag.attributes.get(name)?;
            Some(String::from_utf8_lossy(value).trim().to_owned())
        };
        if attribute(b"rel").as_deref() == Some(RELATION) {
            return attribute(b"href");
        }
    }
    None
}
