//! `/sites/{site}/domains`: host names of a site.

use chrono::{DateTime, Utc};
use igny8_data::{AuditEvent, DbError, Manage, Read, Select, SiteDb, SiteId, SiteScope, Variables};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::keep::{Of, told};
use super::model::{Domain, DomainId, DomainProof, DomainStatus};
use super::name;
use super::proof::Proof;
use crate::api::response::Done;
use crate::api::validate::Check;
use crate::api::{Caller, Created, Error, Fetched, From, Page, PageRequest, Result, SortField, Tag, etag};
use crate::app::App;

/// Domains of a site.
const MOST: usize = 20;

const SORTS: &[SortField] = &[SortField::same("name")];

/// A host name of a site, or the claim to one.
#[derive(Debug, Object)]
#[oai(rename = "SiteDomain", skip_serializing_if_is_none)]
pub struct DomainOut {
    pub id: DomainId,
    /// In lower case and punycode.
    pub name: String,
    pub status: DomainStatus,
    /// Whether it is the site's own address; others lead there.
    pub primary: bool,
    pub proven_by: Option<DomainProof>,
    /// What the last check found wrong, and what to do.
    pub error: Option<String>,
    /// One way to prove it: a TXT record. It also proves the same name with `www.` in front. Leave it there.
    pub dns_record: DnsRecord,
    /// The other way: a file on the server that the name leads to now.
    pub file: ProofFile,
    pub checked_at: Option<DateTime<Utc>>,
    pub verified_at: Option<DateTime<Utc>>,
    /// Since when a verified one is not proven any more: after a week it is not served.
    pub unproven_since: Option<DateTime<Utc>>,
    /// When it is looked at again by itself.
    pub next_check_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A record of the DNS.
#[derive(Debug, Object)]
pub struct DnsRecord {
    /// `TXT`.
    #[oai(rename = "type")]
    pub kind: String,
    pub name: String,
    pub value: String,
}

/// A file on a web server.
#[derive(Debug, Object)]
#[oai(rename = "DomainProofFile")]
pub struct ProofFile {
    /// Over https or http, without a redirect to another host.
    pub url: String,
    /// The whole file.
    pub content: String,
}

/// A name that a site is to have.
#[derive(Debug, Object)]
#[oai(rename = "SiteDomainCreate", deny_unknown_fields)]
pub struct DomainIn {
    /// `www.example.com`, or in letters of its own language: `bücher.example`.
    pub name: String,
}

impl DomainOut {
    fn of(app: &App, row: Domain, primary: Option<&str>) -> Self {
        let proof = Proof::of(app.db.keys(), row.account, row.site, &row.name);
        Self {
            id: row.id,
            status: row.status,
            primary: row.status == DomainStatus::Verified && primary == Some(row.name.as_str()),
            proven_by: row.proven_by,
            error: row.error,
            dns_record: DnsRecord {
                kind: "TXT".into(),
                name: proof.record,
                value: proof.value.clone(),
            },
            file: ProofFile {
                url: format!("http://{}{}", row.name, proof.path),
                content: proof.value,
            },
            name: row.name,
            checked_at: row.checked_at,
            verified_at: row.verified_at,
            unproven_since: row.unproven_since,
            next_check_at: row.next_check_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub struct DomainsApi;

#[OpenApi(tag = "Tag::Sites")]
impl DomainsApi {
    /// List domains
    #[oai(path = "/sites/:site_id/domains", method = "get", operation_id = "domain_list")]
    #[expect(clippy::too_many_arguments, reason = "each is a documented parameter")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        /// Page size, at most 200.
        limit: Query<Option<u32>>,
        /// `next` of the page before.
        cursor: Query<Option<String>>,
        with_total: Query<Option<bool>>,
        status: Query<Option<DomainStatus>>,
    ) -> Result<Json<Page<DomainOut>>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let page = PageRequest::new(
            &app.db,
            &format!("domains|{}|{:?}", scope.site(), status.0),
            limit.0,
            None,
            cursor.0.as_deref(),
            with_total.0,
            SORTS,
            "name",
        )?;
        let db = app.db.site(&scope);
        let primary = primary(&db).await?;
        let list = page
            .list::<Domain>(&db, Select::new().equals_some("status", status.0))
            .await?;
        Ok(Json(list.page(|row| DomainOut::of(&app, row, primary.as_deref()))))
    }

    /// Add a domain
    ///
    /// It waits for its proof, the TXT record `dns_record` or the file `file`, and is served once that was seen: it is looked for by
    /// itself, or at once with `check`. The first verified domain becomes the site's own address, to which the others redirect. Add
    /// both `example.com` and `www.example.com` to serve both; they have one proof. A claim without a proof keeps nobody else from
    /// proving the name.
    #[oai(path = "/sites/:site_id/domains", method = "post", operation_id = "domain_create")]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        body: Json<DomainIn>,
    ) -> Result<Created<DomainOut>> {
        let scope = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let mut check = Check::new();
        let name = named(&mut check, &app, "name", &body.0.name);
        check.finish()?;
        let id = app.db.ids().make();
        let domain = Domain::new(id, scope.account(), scope.site(), name, app.db.clock().now());
        let mut tx = app.db.site(&scope).tx();
        tx.require(
            &format!("count((SELECT VALUE id FROM domain WHERE site = $site LIMIT {MOST})) < {MOST}"),
            Variables::new(),
            "too_many_domains",
        );
        tx.create(domain.clone())
            .audit(AuditEvent::new("domain.added", domain.id, &from.0).detail(told(&domain)));
        tx.commit().await.map_err(|error| match error {
            DbError::Duplicate { index } if index == "domain_by_site" => {
                Error::duplicate("name", "The site has this domain already.")
            }
            DbError::Refused(code) if code == "too_many_domains" => Error::rule(
                "too_many_domains",
                format!("A site has at most {MOST} domains: remove one."),
            ),
            error => error.into(),
        })?;
        let (rev, path) = (domain.rev, format!("/sites/{}/domains/{}", scope.site(), domain.id));
        Ok(Created::new(DomainOut::of(&app, domain, None), rev, path))
    }

    /// Read a domain
    #[oai(
        path = "/sites/:site_id/domains/:domain_id",
        method = "get",
        operation_id = "domain_get"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        domain_id: Path<DomainId>,
    ) -> Result<Fetched<DomainOut>> {
        let scope = caller.actor().site::<Read>(&app.db, site_id.0).await?;
        let db = app.db.site(&scope);
        let domain = db.get::<Domain>(domain_id.0).await?.ok_or_else(Error::not_found)?;
        let primary = primary(&db).await?;
        let rev = domain.rev;
        Ok(Fetched::new(DomainOut::of(&app, domain, primary.as_deref()), rev))
    }

    /// Check a domain
    ///
    /// Looks for its proof now. One that had failed waits for its proof again.
    #[oai(
        path = "/sites/:site_id/domains/:domain_id/check",
        method = "post",
        operation_id = "domain_check"
    )]
    async fn check(
        &self,
        caller: Caller,
        app: Data<&App>,
        site_id: Path<SiteId>,
        domain_id: Path<DomainId>,
    ) -> Result<Fetched<DomainOut>> {
        let site = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let db = app.db.site(&site);
        let mut domain = db.get::<Domain>(domain_id.0).await?.ok_or_else(Error::not_found)?;
        if domain.proven_by != Some(DomainProof::Operator) {
            domain.ask_again(app.db.clock().now());
            let of = Of {
                app: &app,
                site: &site,
                account: &account,
            };
            domain = of.check(domain).await?;
        }
        let primary = primary(&db).await?;
        let rev = domain.rev;
        Ok(Fetched::new(DomainOut::of(&app, domain, primary.as_deref()), rev))
    }

    /// Make a domain the site's own address
    ///
    /// The other domains redirect to it, and the site is deployed anew, since its pages name their address.
    #[oai(
        path = "/sites/:site_id/domains/:domain_id/primary",
        method = "post",
        operation_id = "domain_make_primary"
    )]
    async fn make_primary(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        domain_id: Path<DomainId>,
    ) -> Result<Fetched<DomainOut>> {
        let site = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let domain = app.db.site(&site).get::<Domain>(domain_id.0).await?;
        let mut domain = domain.ok_or_else(Error::not_found)?;
        if domain.status != DomainStatus::Verified {
            return Err(Error::rule(
                "domain_not_verified",
                "Only a verified domain can be the site's address: prove it first.",
            ));
        }
        let of = Of {
            app: &app,
            site: &site,
            account: &account,
        };
        let mut tx = app.db.account(&account).tx();
        // Replaced, so that one that is lost in this moment is noticed.
        tx.replace(&mut domain);
        of.make_primary(&mut tx, &domain, true).await?;
        tx.audit(AuditEvent::new("domain.made_primary", domain.id, &from.0).detail(told(&domain)));
        tx.commit().await?;
        let (rev, name) = (domain.rev, domain.name.clone());
        Ok(Fetched::new(DomainOut::of(&app, domain, Some(&name)), rev))
    }

    /// Remove a domain
    ///
    /// It is not served any more. If it was the site's own address, the verified domain that comes first by name takes its place.
    #[oai(
        path = "/sites/:site_id/domains/:domain_id",
        method = "delete",
        operation_id = "domain_delete"
    )]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        from: From,
        site_id: Path<SiteId>,
        domain_id: Path<DomainId>,
        /// ETag of the version that is removed.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Done> {
        let site = caller.actor().site::<Manage>(&app.db, site_id.0).await?;
        let account = caller.actor().account::<Manage>()?;
        let db = app.db.site(&site);
        let mut domain = db.get::<Domain>(domain_id.0).await?.ok_or_else(Error::not_found)?;
        etag::check(if_match.0.as_deref(), domain.rev)?;
        let of = Of {
            app: &app,
            site: &site,
            account: &account,
        };
        let mut tx = app.db.account(&account).tx();
        tx.replace(&mut domain).delete(domain.id);
        of.take_away(&mut tx, &domain).await?;
        tx.audit(AuditEvent::new("domain.removed", domain.id, &from.0).detail(told(&domain)));
        tx.commit().await?;
        Ok(Done::Done)
    }
}

/// A name that can be claimed; what is wrong with it is noted.
pub fn named(check: &mut Check, app: &App, field: &str, text: &str) -> String {
    let name = match name::parse(text) {
        Ok(name) if crate::visitors::is_own(app, &name) => Err("is the address of this installation itself".to_owned()),
        parsed => parsed,
    };
    name.unwrap_or_else(|why| {
        check.that(false, field, why);
        String::new()
    })
}

/// The site's own address.
async fn primary<A: igny8_data::Access>(db: &SiteDb<'_, A>) -> Result<Option<String>, DbError> {
    let sql = "SELECT VALUE domain FROM ONLY $site WHERE account = $account;";
    db.query(sql, Variables::new(), "reading a site's address")
        .await?
        .one(0)
}

/// Whether a name is a verified domain of the site.
pub async fn is_verified(app: &App, scope: &SiteScope<Manage>, name: &str) -> Result<bool, DbError> {
    let select = Select::new().equals("verified_name", name.to_owned()).limit(1);
    Ok(!app.db.site(scope).list::<Domain>(select).await?.is_empty())
}
