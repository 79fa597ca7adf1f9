//! What is known about a page that is to be written: the task's brief, and what the site itself knows of its subject.

use igny8_data::{Access, DbError, SiteDb, SurrealValue, Variables};
use igny8_writer::brief_check;
use igny8_writer::compose;
use igny8_writer::draft;

use super::model::Task;
use crate::features::content::model::{Availability, ContentStructure, ContentType, Entity};
use crate::features::content::{Content, ContentId};
use crate::features::planner::api::names;
use crate::features::planner::{Cluster, ClusterId, ClusterRole};
use crate::features::sites::model::SiteType;
use crate::features::taxonomy::TermId;

/// Secondary keywords that a text is asked to cover; a task may name two thousand, a text cannot.
const COVERED: usize = 25;
/// Pages of the cluster, and products and services, that a text may lead to.
const LINKED: usize = 40;

/// What is known about a page.
#[derive(Debug, Clone)]
pub struct Known {
    pub brief: compose::Brief,
    pub content_type: ContentType,
    pub site: KnownSite,
    pub cluster: Option<KnownCluster>,
    /// Live terms it is filed under.
    pub terms: Vec<(TermId, String)>,
    /// All that it aims at besides the primary keyword, the most searched first.
    pub secondary: Vec<String>,
}

/// The site as far as its texts speak of it.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct KnownSite {
    pub name: String,
    pub description: String,
    pub site_type: SiteType,
    pub language: String,
}

/// The cluster that the page belongs to.
#[derive(Debug, Clone)]
pub struct KnownCluster {
    pub id: ClusterId,
    pub name: String,
    pub description: String,
    pub role: Option<ClusterRole>,
}

/// Another page of the site.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Other {
    id: ContentId,
    title: String,
    path: String,
    /// Visitors can see it.
    live: bool,
    cluster_role: Option<ClusterRole>,
}

/// Reads what is known about the page of a task, of a piece of content, or of a piece and the task it was made for.
///
/// # Errors
/// When the database fails.
pub async fn read<A: Access>(
    db: &SiteDb<'_, A>,
    task: Option<&Task>,
    content: Option<&Content>,
    language: Option<&str>,
) -> Result<Known, DbError> {
    let sql = "SELECT name, description, site_type, language FROM ONLY $site WHERE account = $account;";
    let site: Option<KnownSite> = db
        .query(sql, Variables::new(), "reading what a site is about")
        .await?
        .one(0)?;
    let site = site.unwrap_or_else(|| KnownSite {
        name: String::new(),
        description: String::new(),
        site_type: SiteType::Blog,
        language: "en".into(),
    });
    let language = content
        .map(|row| row.language.clone())
        .or_else(|| language.map(str::to_owned))
        .unwrap_or_else(|| site.language.clone());
    // What a person set on the content comes before the plan.
    let cluster_id = content.and_then(|row| row.cluster).or(task.and_then(|row| row.cluster));
    let terms: Vec<TermId> = match (content, task) {
        (Some(content), _) => content.terms.clone(),
        (None, Some(task)) => task.terms.clone(),
        (None, None) => Vec::new(),
    };
    let keywords: Vec<_> = task.map(|task| task.keywords().collect()).unwrap_or_default();
    let names = names::of(db, std::iter::once((None, keywords.into_iter(), terms.as_slice()))).await?;
    let text = |id: &_| names.keywords.get(id).map(|keyword| keyword.text.clone());
    let of_task = task.and_then(|task| task.primary_keyword).as_ref().and_then(text);
    let primary = content.and_then(|row| row.primary_keyword.clone()).or(of_task);
    let mut planned = names.keywords(task.map_or(&[][..], |task| &task.secondary_keywords));
    planned.sort_by(|a, b| (b.volume, &a.text).cmp(&(a.volume, &b.text)));
    let mut secondary: Vec<String> = content.map(|row| row.secondary_keywords.clone()).unwrap_or_default();
    for keyword in planned {
        if !secondary.contains(&keyword.text) {
            secondary.push(keyword.text);
        }
    }
    secondary.retain(|keyword| Some(keyword) != primary.as_ref());
    let cluster = match cluster_id {
        Some(id) => db.get::<Cluster>(id).await?,
        None => None,
    };
    let structure = content
        .map(|row| row.content_structure)
        .or(task.map(|task| task.content_structure))
        .unwrap_or(ContentStructure::Article);
    let content_type = content
        .map(|row| row.content_type)
        .or(task.map(|task| task.content_type))
        .unwrap_or(ContentType::Post);
    let around = around(
        db,
        content.map(|row| row.id),
        cluster.as_ref().map(|row| row.id),
        &language,
    )
    .await?;
    let link = |other: &Other| compose::Link {
        title: other.title.clone(),
        path: other.live.then(|| address(&site.language, &language, &other.path)),
    };
    let (hub, supporting): (Vec<&Other>, Vec<&Other>) = around
        .cluster
        .iter()
        .partition(|other| other.cluster_role == Some(ClusterRole::Hub));
    let hub = hub.first().copied().map(link);
    let supporting = supporting.into_iter().map(link).collect();
    let contact = around.contact.first().map(link);
    let offers = around.offers.iter().map(link).collect();
    let outline = task.map_or(&[][..], |task| task.outline.as_slice());
    let brief = compose::Brief {
        title: content
            .map(|row| row.title.clone())
            .or(task.map(|task| task.title.clone()))
            .unwrap_or_default(),
        brief: task.map(|task| task.brief.clone()).unwrap_or_default(),
        outline: outline
            .iter()
            .map(|heading| compose::Heading {
                text: heading.heading.clone(),
                points: heading.points.clone(),
                question: heading.question,
            })
            .collect(),
        primary,
        secondary: secondary.iter().take(COVERED).cloned().collect(),
        structure: shape(structure),
        words: task.map_or(0, |task| u32::try_from(task.word_count).unwrap_or(u32::MAX)),
        language,
        hub,
        supporting,
        about: site.description.clone(),
        contact,
        offers,
        entity: content.map(|row| stated(&row.entity)).unwrap_or_default(),
        attributes: content
            .map(|row| &row.attributes)
            .or(task.map(|task| &task.attributes))
            .into_iter()
            .flatten()
            .map(|attribute| (attribute.name.clone(), attribute.value.clone()))
            .collect(),
    };
    Ok(Known {
        brief,
        content_type,
        site,
        cluster: cluster.map(|row| KnownCluster {
            role: content.map_or_else(|| task.and_then(|task| task.cluster_role), |row| row.cluster_role),
            id: row.id,
            name: row.name,
            description: row.description,
        }),
        terms: terms
            .iter()
            .filter_map(|id| Some((*id, names.terms.get(id)?.clone())))
            .collect(),
        secondary,
    })
}

impl Known {
    /// What a text is held against.
    pub fn to_check(&self) -> brief_check::Brief {
        let of = |question: bool| {
            let headings = self
                .brief
                .outline
                .iter()
                .filter(move |heading| heading.question == question);
            headings.map(|heading| heading.text.clone()).collect()
        };
        brief_check::Brief {
            headings: of(false),
            questions: of(true),
            primary: self.brief.primary.clone(),
            secondary: self.brief.secondary.clone(),
            words: self.brief.words,
            language: self.brief.language.clone(),
        }
    }
}

struct Around {
    cluster: Vec<Other>,
    contact: Vec<Other>,
    offers: Vec<Other>,
}

/// The pages that a text may lead to, in its language, without itself.
async fn around<A: Access>(
    db: &SiteDb<'_, A>,
    own: Option<ContentId>,
    cluster: Option<ClusterId>,
    language: &str,
) -> Result<Around, DbError> {
    let mut binds = Variables::new();
    binds.insert("own", own);
    binds.insert("cluster", cluster);
    binds.insert("language", language.to_owned());
    let columns = "SELECT id, title, path, status = 'published' AS live, cluster_role FROM content";
    let live = "site = $site AND account = $account AND deleted_at IS NONE AND language = $language AND id != $own";
    // Published first: those are linked, the others only named.
    let sql = format!(
        "IF $cluster IS NONE {{ [] }} ELSE {{ {columns} WHERE {live} AND cluster = $cluster \
         ORDER BY live DESC, title, id LIMIT {LINKED} }};\
         {columns} WHERE {live} AND page_role = 'contact' AND status = 'published' ORDER BY id LIMIT 1;\
         {columns} WHERE {live} AND content_type INSIDE ['product', 'service'] AND status = 'published' \
         ORDER BY title, id LIMIT {LINKED};"
    );
    let mut answer = db.query(&sql, binds, "reading the pages around a page").await?;
    Ok(Around {
        cluster: answer.rows(0)?,
        contact: answer.rows(1)?,
        offers: answer.rows(2)?,
    })
}

/// The address of a page on its site; those of further languages live below their tag.
fn address(site_language: &str, language: &str, path: &str) -> String {
    if site_language == language {
        path.to_owned()
    } else {
        format!("/{language}{path}")
    }
}

/// Data of a product or service as texts state it.
fn stated(entity: &Entity) -> draft::Entity {
    draft::Entity {
        price: entity.price.clone(),
        currency: entity.currency.clone(),
        brand: entity.brand.clone(),
        sku: entity.sku.clone(),
        availability: entity.availability.map(|availability| {
            match availability {
                Availability::InStock => "in_stock",
                Availability::OutOfStock => "out_of_stock",
                Availability::PreOrder => "pre_order",
                Availability::Discontinued => "discontinued",
            }
            .to_owned()
        }),
        area: entity.area.clone(),
        price_range: entity.price_range.clone(),
    }
}

fn shape(structure: ContentStructure) -> compose::Structure {
    use compose::Structure as To;
    match structure {
        ContentStructure::Article => To::Article,
        ContentStructure::Guide => To::Guide,
        ContentStructure::Comparison => To::Comparison,
        ContentStructure::Review => To::Review,
        ContentStructure::Listicle => To::Listicle,
        ContentStructure::LandingPage => To::LandingPage,
        ContentStructure::BusinessPage => To::BusinessPage,
        ContentStructure::ServicePage => To::ServicePage,
        ContentStructure::General => To::General,
        ContentStructure::ClusterHub => To::ClusterHub,
        ContentStructure::ProductPage => To::ProductPage,
        ContentStructure::CategoryArchive => To::CategoryArchive,
        ContentStructure::TagArchive => To::TagArchive,
        ContentStructure::AttributeArchive => To::AttributeArchive,
    }
}
