//! What an import works with: the destination, its WordPress, and what of its terms and people is known here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use igny8_data::queue::Lease;
use igny8_data::{DbError, Read, SiteDb, SiteScope, Tx, Write};
use igny8_wordpress::{Discovered, PostType, Taxonomy, WordPress, WordPressError};
use url::Url;

use super::super::model::{Destination, DestinationState};
use super::super::state;
use super::cursor::Cursor;
use super::terms::{self, Kind, Terms};
use crate::app::App;
use crate::features::content::model::ContentType;
use crate::features::sites::Site;
use crate::publish::PublishError;
use crate::publish::wordpress::{Imports, WordpressSettings, client, failed, former_source_key, source_key};

/// One destination while it is imported from.
pub struct Inbound<'a> {
    pub app: &'a App,
    pub scope: &'a SiteScope<Write>,
    pub site: Site,
    pub destination: Destination,
    pub settings: WordpressSettings,
    pub client: WordPress,
    pub discovered: Discovered,
    /// The job that has the destination; none while somebody waits for an answer.
    pub lease: Option<Lease>,
    pub terms: Terms,
    /// What the terms of their taxonomies become, by slug.
    pub kinds: BTreeMap<String, Kind>,
    /// Slugs of the taxonomies whose terms we may not read; they are none of [`Inbound::kinds`].
    pub unread: BTreeSet<String>,
    /// Slugs of the taxonomies whose terms posts that were imported may not have brought yet.
    pub bringing: BTreeSet<String>,
    /// What is new is told of as published. Of what a first look at a site brings nobody wants to hear.
    pub tells: bool,
    /// The site does not show all that is known of it any more.
    pub is_outdated: bool,
    /// Posts that are looked at though nothing of them changed: their content does not say yet where they are.
    pub again: HashSet<u64>,
    /// Names of users by their ids; `None` for one that is gone.
    authors: HashMap<u64, Option<String>>,
}

impl<'a> Inbound<'a> {
    /// # Errors
    /// [`PublishError`].
    pub async fn open(
        app: &'a App,
        scope: &'a SiteScope<Write>,
        destination: Destination,
        lease: Option<Lease>,
    ) -> Result<Self, PublishError> {
        let db = app.db.site(scope);
        let settings: WordpressSettings = destination.settings()?;
        let secrets = destination.secrets(app.db.keys())?;
        let client = client(
            &app.outgoing,
            &settings,
            secrets.password.as_deref().unwrap_or_default(),
        )?;
        let state = state::of(&db, destination.id).await.map_err(|error| broken(&error))?;
        let known = state.as_ref().and_then(discovered_of);
        let unread = state.map_or_else(BTreeSet::new, |state| Cursor::read(&state.cursor).unread);
        let discovered = match known {
            Some(discovered) => discovered,
            None => client.discover().await.map_err(|error| failed(&error))?,
        };
        let account = scope.actor().account::<Read>();
        let account = account.map_err(|_| PublishError::Fail("The account cannot be read.".into()))?;
        let site = app
            .db
            .account(&account)
            .get::<Site>(scope.site())
            .await
            .map_err(|error| broken(&error))?;
        let site = site.ok_or_else(|| PublishError::Fail("The site was deleted.".into()))?;
        let terms = Terms::load(&db, destination.id, &settings, &site.language)
            .await
            .map_err(|error| broken(&error))?;
        let mut kinds = terms::kinds(&settings, &discovered);
        kinds.retain(|theirs, _| !unread.contains(theirs));
        Ok(Self {
            app,
            scope,
            site,
            kinds,
            unread,
            bringing: BTreeSet::new(),
            tells: false,
            is_outdated: false,
            again: HashSet::new(),
            settings,
            client,
            authors: discovered
                .users
                .iter()
                .map(|user| (user.id, Some(user.name.clone())))
                .collect(),
            discovered,
            destination,
            lease,
            terms,
        })
    }

    /// Goes on with what the site has by now.
    pub fn renew(&mut self, found: Discovered) {
        self.kinds = terms::kinds(&self.settings, &found);
        self.kinds.retain(|theirs, _| !self.unread.contains(theirs));
        let names = found.users.iter().map(|user| (user.id, Some(user.name.clone())));
        self.authors.extend(names);
        self.discovered = found;
        self.is_outdated = false;
    }

    /// Tries those again that could not be read.
    pub fn take_all_taxonomies(&mut self) {
        self.unread.clear();
        self.kinds = terms::kinds(&self.settings, &self.discovered);
    }

    /// Leaves a taxonomy alone whose terms we may not read.
    pub fn pass_over(&mut self, theirs: &str) {
        self.kinds.remove(theirs);
        self.unread.insert(theirs.to_owned());
    }

    pub fn db(&self) -> SiteDb<'a, Write> {
        self.app.db.site(self.scope)
    }

    /// A unit of work, which fails when another job has the destination.
    pub fn tx(&self) -> Tx<'a> {
        let mut tx = self.db().tx();
        if let Some(lease) = self.lease {
            state::guard(&mut tx, self.destination.id, lease);
        }
        tx
    }

    /// Post types that are imported: where our content goes, and those that were chosen.
    pub fn types(&self) -> Vec<PostType> {
        self.settings.imported_types(&self.discovered)
    }

    /// By slug of their taxonomies ours, for those whose terms come here.
    pub fn taxonomies(&self) -> BTreeMap<String, String> {
        let all = self.kinds.iter();
        all.map(|(theirs, kind)| (theirs.clone(), kind.name())).collect()
    }

    /// Those of [`Inbound::taxonomies`] that are the usual ones for ours.
    pub fn usual_taxonomies(&self) -> BTreeMap<String, String> {
        let usual = self.kinds.iter().filter(|(_, kind)| kind.custom.is_none());
        usual.map(|(theirs, kind)| (theirs.clone(), kind.name())).collect()
    }

    /// The taxonomies that a post type has.
    pub fn taxonomies_of(&self, of: &PostType) -> Vec<Taxonomy> {
        self.discovered.taxonomies_of(of)
    }

    /// Whether posts that are new there are imported.
    pub fn takes_new(&self) -> bool {
        self.settings.imports == Imports::Everything
    }

    pub fn content_type(&self, of: &PostType) -> ContentType {
        match self.settings.content_kind(&of.slug) {
            "page" => ContentType::Page,
            "product" => ContentType::Product,
            "service" => ContentType::Service,
            _ => ContentType::Post,
        }
    }

    /// Where visitors of the WordPress site go.
    pub fn home(&self) -> Option<Url> {
        self.discovered
            .site
            .home
            .parse()
            .ok()
            .or_else(|| self.settings.address())
    }

    /// By which a post is known again when the destination is connected anew.
    pub fn source_key(&self, post: u64) -> String {
        source_key(self.client.root(), post)
    }

    /// The keys by which a post may be known: the present one, and those of the older form.
    pub fn source_keys(&self, post: u64) -> Vec<String> {
        let roots = std::iter::once(self.client.root()).chain(&self.settings.former_roots);
        let former = roots.map(|root| former_source_key(root, post));
        std::iter::once(self.source_key(post)).chain(former).collect()
    }

    /// The name of a user.
    pub async fn author(&mut self, id: u64) -> Result<Option<String>, WordPressError> {
        if id == 0 {
            return Ok(None);
        }
        if let Some(name) = self.authors.get(&id) {
            return Ok(name.clone());
        }
        let name = match self.client.user(id).await {
            Ok(user) => Some(user.name),
            // Hidden from us, or gone: nothing to hold up a post for.
            Err(error)
                if !error.is_about_the_connection()
                    && !matches!(error.outcome(), igny8_wordpress::Outcome::Retry { .. }) =>
            {
                None
            }
            Err(error) => return Err(error),
        };
        self.authors.insert(id, name.clone());
        Ok(name)
    }
}

/// What was found of the site, if it can be read.
fn discovered_of(state: &DestinationState) -> Option<Discovered> {
    serde_json::from_value(state.discovered.clone()?).ok()
}

/// What the database refuses or does not answer is tried again.
pub fn broken(error: &DbError) -> PublishError {
    tracing::warn!(%error, "an import could not be stored");
    PublishError::retry(match error {
        DbError::Refused(code) if code == state::LOST => "Another job works on this destination now.",
        DbError::Stale | DbError::Conflict => "Something was changed here at the same moment; it is tried again.",
        DbError::Duplicate { .. } | DbError::Refused(_) => {
            "What was read does not fit what is here; it is tried again."
        }
        _ => "The database did not answer; it is tried again.",
    })
}
